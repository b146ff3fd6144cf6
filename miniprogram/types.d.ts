// The shapes that the scripts of this folder share, and what @mini-types/alipay does not declare.
// For editors and type checkers only: no script imports this file, so Alipay's IDE leaves it alone.

/**
 * The member as the server answers it: absent fields are null.
 * `profile_at`: when the profile was fetched, in UTC seconds.
 */
type Member = Record<string, string | null> & { profile_at: number | null };

/** The client's own, unsigned profile (客户端得知); '' where the person set none. */
type DisplayProfile = { nickName: string; avatar: string };

type Scope = 'auth_base' | 'auth_user';
type Send = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  data?: Record<string, string>,
) => Promise<any>;

type Action = 'enter' | 'load' | 'getProfile' | 'readDisplay' | 'logOut' | 'forget';
type AppError = {
  code: string;
  status: number;
  message: string;
  next: string;
  label: string;
  action?: Action;
  retryAfter?: number;
};

/** One field of the member centre: `label` and `values` as the user reads them. */
type Field = {
  label: string;
  /** The field's name in the client's profile, if it is there. */
  client?: keyof DisplayProfile;
  /** What the page shows where the person set none. */
  empty?: string;
  values?: Record<string, string>;
};

type MemberView = {
  rows: object[];
  client: DisplayProfile | null;
  authorised: boolean;
  offerDisplay: boolean;
  notice: string;
  error: AppError | null;
};

interface IGlobalMiniProgramExtraThis4App {
  globalData: { member: Member | null };
}

declare function setTimeout(handler: (value?: any) => void, milliseconds: number): number;

declare namespace my {
  /** 客户端获取会员信息: gone from today's documentation; some versions of Alipay still have it. */
  const getAuthUserInfo:
    ((options: { success(profile: DisplayProfile): void; fail(): void }) => void) | undefined;
}
