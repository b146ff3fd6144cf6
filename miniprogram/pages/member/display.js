// SPDX-License-Identifier: MIT-0
// The display profile (客户端得知): what the client gets of nickname and avatar. It is unsigned: for
// the screen only, never sent to the server.
import { parse } from '../../api.js';
import { errorFor } from '../../messages.js';

/**
 * my.getAuthUserInfo, after consent: null where this version of Alipay lacks it.
 * @returns {Promise<DisplayProfile | null>}
 */
export function authUserInfo() {
  return new Promise((resolve) => {
    if (!my.getAuthUserInfo) return resolve(null);
    return my.getAuthUserInfo({ success: resolve, fail: () => resolve(null) });
  });
}

/**
 * my.getOpenUserInfo, after the button: errors arrive in success, the answer is JSON in JSON.
 * @returns {Promise<DisplayProfile>}
 */
export function openUserInfo() {
  return new Promise((resolve, reject) => {
    my.getOpenUserInfo({
      success: (res) => {
        const { code = '?', nickName = '', avatar = '' } = Object(parse(res.response).response);
        if (code === '10000') resolve({ nickName, avatar });
        else reject(errorFor(`my.getOpenUserInfo ${code}`));
      },
      fail: ({ error }) => reject(errorFor(`my.getOpenUserInfo ${error}`)),
    });
  });
}
