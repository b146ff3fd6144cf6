// What the phone asks of the emulated Alipay, through the workbench's own origin.
import { bench, phone } from '../workbench.js';
import { failure } from './failures.js';

/**
 * Asks one of the emulator's control routes; fails as my.getAuthCode does without a network.
 * @type {(name: string, init?: RequestInit) => Promise<any>}
 */
async function ask(name, init) {
  const response = await fetch(`/workbench/emulator/${name}`, init).catch(noNetwork);
  const answer = await response.json().catch(noNetwork);
  return answer.error ? noNetwork() : answer;
}

/** @returns {never} */
function noNetwork() {
  throw failure('getAuthCode', 12);
}

/** An auth code for this member. @type {(member: string, scopes: string[]) => Promise<string>} */
export async function issueAuthCode(member, scopes) {
  const { auth_code: authCode } = await ask('auth-code', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ member, scopes }),
  });
  return authCode;
}

/** The person who holds the phone: what Alipay knows and tells, and what they have agreed to. */
export async function lookUpPerson() {
  const { app_id: own, members, apps } = await ask('members');
  /** @type {TestMember} */
  const member = members.find((/** @type {TestMember} */ { id }) => id === phone.member);
  const nickName = bench.forge?.nickName ?? member.nick_name ?? '';
  return {
    member,
    told: { nickName, avatar: member.avatar ?? '' },
    hasAgreed: member.consented.includes(own),
    hasProduct: Boolean(apps[own].product),
  };
}
