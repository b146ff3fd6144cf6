// What @mini-types/alipay does not declare, and the shapes that the sample's files share.

/** The member as the server answers it: absent fields are null. `profile_at`: when the profile was fetched, UTC seconds. */
type Member = Record<string, string | null> & { profile_at: number | null };

/** What the client is told (客户端得知); '' where the person set none. */
type Told = { nickName: string; avatar: string };

type Scope = 'auth_base' | 'auth_user';
type Send = (method: 'GET' | 'POST' | 'DELETE', path: string, data?: Record<string, string>) => Promise<any>;

type Action = 'enter' | 'load' | 'getProfile' | 'readDisplay' | 'logOut' | 'forget';
type Failure = { code: string; status: number; message: string; next: string; label: string; action?: Action };

type MemberView = {
  rows: object[];
  client: Told | null;
  authorised: boolean;
  offerDisplay: boolean;
  notice: string;
  failure: Failure | null;
};

interface IGlobalMiniProgramExtraThis4App {
  globalData: { member: Member | null };
}

declare namespace my {
  /** 客户端获取会员信息: gone from today's docs and types, still there on some versions of Alipay. */
  const getAuthUserInfo: ((options: { success(told: Told): void; fail(): void }) => void) | undefined;
}
