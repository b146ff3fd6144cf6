// SPDX-License-Identifier: MIT-0
// What the client is told (客户端得知): unsigned, to be shown and nothing else. It is never sent to
// the server.
import { parse } from '../../api.js';
import { failure } from '../../messages.js';

/**
 * my.getAuthUserInfo, after consent: null where this version of Alipay lacks it.
 * @returns {Promise<Told | null>}
 */
export function authUserInfo() {
  return new Promise((resolve) => {
    if (!my.getAuthUserInfo) return resolve(null);
    return my.getAuthUserInfo({ success: resolve, fail: () => resolve(null) });
  });
}

/**
 * my.getOpenUserInfo, after the button: errors arrive in success, the answer is JSON in JSON.
 * @returns {Promise<Told>}
 */
export function openUserInfo() {
  return new Promise((resolve, reject) => {
    my.getOpenUserInfo({
      success: (res) => {
        const { code = '?', nickName = '', avatar = '' } = Object(parse(res.response).response);
        if (code === '10000') resolve({ nickName, avatar });
        else reject(failure(`my.getOpenUserInfo ${code}`));
      },
      fail: ({ error }) => reject(failure(`my.getOpenUserInfo ${error}`)),
    });
  });
}
