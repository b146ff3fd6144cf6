// my.getAuthCode, my.getAuthUserInfo, my.getOpenUserInfo and the getAuthorize button.
import { askForConsent } from '../dialogs.js';
import { decide } from '../person.js';
import { call } from './call.js';
import { issueAuthCode, lookUpPerson } from './emulator.js';
import { failure } from './failures.js';

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
  if (!asked.every((scope) => /^auth_(base|user)$/.test(scope))) throw failure('getAuthCode', 3);
  const needsConsent = asked.includes('auth_user') && !hasAgreed;
  const answer = needsConsent ? await askForConsent(member) : 'agree';
  if (needsConsent) decide(answer);
  if (answer === 'refuse') throw failure('getAuthCode', 11);
  if (answer !== 'agree') throw failure('getAuthCode', 3);
  const authCode = await issueAuthCode(member.id, asked);
  if (!authCode) throw failure('getAuthCode', 10);
  return { authCode, authErrorScopes: {}, authSuccessScopes: asked };
}

/** What a <button open-type="getAuthorize" scope="userInfo"> asks when it is tapped. */
export const authorize = () => call('getAuthorize', { scopes: 'auth_user' }, getAuthCode);

/** my.getAuthUserInfo: nickname and avatar, unsigned, after consent. Today's docs lack it. */
export async function getAuthUserInfo() {
  const { told, hasAgreed } = await lookUpPerson();
  if (!hasAgreed) throw failure('getAuthCode', 4);
  return told;
}

/** my.getOpenUserInfo: JSON in JSON; its errors arrive in success. */
export async function getOpenUserInfo() {
  const response = await openUserInfo();
  return { response: JSON.stringify({ response }) };
}

async function openUserInfo() {
  const { member, told, hasAgreed, hasProduct } = await lookUpPerson();
  if (!hasProduct) return NO_PRODUCT;
  if (!hasAgreed) return NOT_AGREED;
  const { gender, province, city } = member;
  return { ...AGREED, ...told, gender, province, city };
}
