// my.getAuthCode, my.getAuthUserInfo, my.getOpenUserInfo and the getAuthorize button.
import { bench, phone } from '../device.js';
import { askForConsent } from '../dialogs.js';
import { decide } from '../person.js';
import { apiError, call } from './call.js';

const AGREED = { code: '10000', msg: 'Success' };
const NOT_AGREED = {
  code: '40003',
  msg: 'Insufficient Conditions',
  subCode: 'isv.invalid-auth-relations',
  subMsg: '无效的授权关系',
};
const NO_PRODUCT = {
  code: '40006',
  msg: 'Insufficient Permissions',
  subCode: 'isv.insufficient-isv-permissions',
  subMsg: 'ISV权限不足',
};

/**
 * my.getAuthCode: an auth code (授权码) for the server, silent for auth_base. auth_user shows the
 * consent sheet, unless the person has agreed before.
 * Fails with 3 未找到授权结果, 10 Empty Data, 11 用户取消授权, 12 Network Error.
 * @param {{scopes?: string | string[]}} options
 */
export async function getAuthCode({ scopes = 'auth_base' }) {
  const asked = [scopes].flat();
  const { member, hasAgreed } = await lookUpPerson();
  if (!asked.every((scope) => /^auth_(base|user)$/.test(scope))) throw apiError('getAuthCode', 3);
  const needsConsent = asked.includes('auth_user') && !hasAgreed;
  const decision = needsConsent ? await askForConsent(member) : 'agree';
  if (needsConsent) decide(decision);
  if (decision === 'refuse') throw apiError('getAuthCode', 11);
  if (decision !== 'agree') throw apiError('getAuthCode', 3);
  const authCode = await issueAuthCode(member.id, asked);
  if (!authCode) throw apiError('getAuthCode', 10);
  return { authCode, authErrorScopes: {}, authSuccessScopes: asked };
}

/** A tap on <button open-type="getAuthorize" scope="userInfo">. */
export const authorize = () => call('getAuthorize', { scopes: 'auth_user' }, getAuthCode);

/** my.getAuthUserInfo: nickname and avatar, unsigned, after consent. Today's docs lack it. */
export async function getAuthUserInfo() {
  const { displayProfile, hasAgreed } = await lookUpPerson();
  if (!hasAgreed) throw apiError('getAuthCode', 4);
  return displayProfile;
}

/** my.getOpenUserInfo: JSON in JSON; its errors arrive in success. */
export async function getOpenUserInfo() {
  const response = await openUserInfo();
  return { response: JSON.stringify({ response }) };
}

async function openUserInfo() {
  const { member, displayProfile, hasAgreed, hasProduct } = await lookUpPerson();
  if (!hasProduct) return NO_PRODUCT;
  if (!hasAgreed) return NOT_AGREED;
  const { gender, province, city } = member;
  return { ...AGREED, ...displayProfile, gender, province, city };
}

/** The person who holds the phone: what Alipay knows of them, and what they have agreed to. */
async function lookUpPerson() {
  const { app_id: own, members, apps } = await askEmulator('members');
  /** @type {TestMember} */
  const member = members.find((/** @type {TestMember} */ { id }) => id === phone.member);
  const nickName = bench.forge?.nickName ?? member.nick_name ?? '';
  return {
    member,
    displayProfile: { nickName, avatar: member.avatar ?? '' },
    hasAgreed: member.consented.includes(own),
    hasProduct: Boolean(apps[own].product),
  };
}

/** An auth code for this member. @type {(member: string, scopes: string[]) => Promise<string>} */
async function issueAuthCode(member, scopes) {
  const { auth_code: authCode } = await askEmulator('auth-code', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ member, scopes }),
  });
  return authCode;
}

/**
 * One of the emulated Alipay's control routes, through the workbench's own origin. Throws what
 * my.getAuthCode throws without a network.
 * @type {(name: string, init?: RequestInit) => Promise<any>}
 */
async function askEmulator(name, init) {
  const response = await fetch(`/workbench/emulator/${name}`, init).catch(noNetwork);
  const answer = await response.json().catch(noNetwork);
  return answer.error ? noNetwork() : answer;
}

/** @returns {never} */
function noNetwork() {
  throw apiError('getAuthCode', 12);
}
