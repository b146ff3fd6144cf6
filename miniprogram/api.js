// SPDX-License-Identifier: MIT-0
// All that leaves the phone: an auth code, and the session that it opened. The client's own profile
// never does.
import { API_BASE } from './config.js';
import { BUSY, errorFor } from './messages.js';

const KEY = 'session'; // in storage, which Alipay's docs advise over cookies

/**
 * The session that was saved. `scope` is what it was opened with; after a log-out it is 'none'.
 * @returns {{token: string, scope: string}}
 */
export const savedSession = () =>
  Object(my.getStorageSync({ key: KEY }).data || { token: '', scope: '' });

/** True after 退出登录 and 忘记我: from then on the user logs in by a tap, never silently. */
export const hasSignedOut = () => savedSession().scope === 'none';

export function signOut() {
  my.setStorageSync({ key: KEY, data: { token: '', scope: 'none' } });
  getApp().globalData.member = null;
}

/**
 * An auth code (授权码): silent for auth_base, after the consent sheet for auth_user.
 * @type {(scope: Scope) => Promise<string>}
 */
function getAuthCode(scope) {
  return new Promise((resolve, reject) => {
    my.getAuthCode({
      scopes: scope,
      success: ({ authCode }) =>
        authCode ? resolve(authCode) : reject(errorFor('my.getAuthCode 10')),
      fail: ({ error }) => reject(errorFor(`my.getAuthCode ${error}`)),
    });
  });
}

/**
 * One request with the saved session: resolves with the JSON answer, rejects with an errorFor().
 * If another request is refreshing the token, it waits as long as the server asks and tries again,
 * once.
 * @type {Send}
 */
export async function send(method, path, data) {
  try {
    return await sendOnce(method, path, data);
  } catch (error) {
    if (error.code !== BUSY) throw error;
    await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
    return sendOnce(method, path, data);
  }
}

/** @type {Send} */
function sendOnce(method, path, data) {
  const { token } = savedSession();
  /** @type {Record<string, string>} */
  const headers = { 'content-type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    /** @type {(status: number, body: any, headers: any) => void} */
    const answered = (status, body, headers) => {
      if (status >= 200 && status < 300) return resolve(body);
      const error = errorFor(Object(Object(body).error).code || `HTTP ${status}`, status);
      return reject({ ...error, retryAfter: retryAfter(headers) });
    };
    my.request({
      url: API_BASE + path,
      method,
      data,
      headers,
      dataType: 'json',
      success: (res) => answered(res.status, res.data, res.headers),
      fail: (/** @type {any} */ res) => {
        // An HTTP error arrives in success or, with some versions of Alipay, here as 19.
        if (res.error === 19 && res.status)
          return answered(res.status, parse(res.data), res.headers);
        // A bare 19 may hide a 401: drop the session, so that 重试 logs in anew.
        if (res.error === 19) my.removeStorageSync({ key: KEY });
        return reject(errorFor(`my.request ${res.error}`));
      },
    });
  });
}

/** Seconds until the next try; the header's name may come in any case. @param {any} headers */
function retryAfter(headers) {
  const names = Object.keys(Object(headers));
  const name = names.find((each) => each.toLowerCase() === 'retry-after');
  const seconds = name ? parseInt(headers[name], 10) : 1;
  return seconds >= 0 && seconds <= 10 ? seconds : 1;
}

/** @param {any} body JSON text, or parsed already; {} if it is invalid */
export function parse(body) {
  try {
    return typeof body === 'string' ? JSON.parse(body) : Object(body);
  } catch {
    return {};
  }
}

/**
 * Log in: our server exchanges the code and answers with a session of its own (种 session).
 * @param {Scope} scope
 */
export async function signIn(scope) {
  const { session, member } = await send('POST', '/api/auth', {
    auth_code: await getAuthCode(scope),
  });
  my.setStorageSync({ key: KEY, data: { token: session, scope } });
  getApp().globalData.member = member;
}

/**
 * send(); if the session has ended (401), one silent login and one more try, never a loop.
 * @type {Send}
 */
export async function call(method, path) {
  try {
    return await send(method, path);
  } catch (error) {
    if (error.status !== 401) throw error;
    my.removeStorageSync({ key: KEY });
    await signIn('auth_base');
    return send(method, path);
  }
}
