// SPDX-License-Identifier: MIT-0
// Every error as the user meets it (错误提示): one sentence and a way on. The code is shown, too, for
// support.

/** The scope is missing or was revoked (解除授权): today's code, and an older one. */
export const NO_SCOPE = ['aop.invalid-auth-token', 'isv.invalid-token'];

/** Another request is refreshing the token: try again in a moment. */
export const BUSY = 'refresh-under-way';
/** The app lacks the product (40006). */
export const NO_PRODUCT = 'isv.insufficient-isv-permissions';

const WAYS = { retry: '重试', authorise: '重新授权', leave: '返回首页', none: '' };

/** @type {Record<string, [message: string, next: keyof typeof WAYS]>} */
const ERRORS = {
  'my.getAuthCode 11': [
    '你没有同意授权。会员信息没有读取，也没有保存，其他功能照常使用。',
    'authorise',
  ],
  'my.getAuthCode 3': [
    '没有得到授权结果，可能是按了返回键。会员信息没有读取，也没有保存。',
    'authorise',
  ],
  'my.getAuthCode 4': ['本小程序没有调用授权接口的权限，请联系商家。', 'leave'],
  'my.getAuthCode 10': ['支付宝没有返回授权码，请稍后再试。', 'retry'],
  'my.getAuthCode 12': ['网络不通，没能向支付宝请求授权。请检查网络后再试。', 'retry'],
  'my.request 2': ['请求的参数有误，请联系商家。', 'leave'],
  'my.request 4': ['服务器域名不在白名单里，小程序不能访问它。请联系商家。', 'leave'],
  'my.request 11': ['服务器域名不在白名单里，小程序不能访问它。请联系商家。', 'leave'],
  'my.request 12': ['网络不通，没有连上服务器。请检查网络后再试。', 'retry'],
  'my.request 13': ['服务器没有及时答复，请稍后再试。', 'retry'],
  'my.request 14': ['服务器的答复无法读懂，请稍后再试。', 'retry'],
  'my.request 19': ['服务器没有办成这件事，请稍后再试。', 'retry'],
  'isv.code-invalid': ['授权码已经用过或已过期，请重新授权。', 'authorise'],
  'aop.invalid-auth-token': ['授权不包含会员信息，或已被解除，请重新授权。', 'authorise'],
  'isv.invalid-token': ['授权不包含会员信息，或已被解除，请重新授权。', 'authorise'],
  [NO_PRODUCT]: ['本小程序没有开通「获取会员信息」产品，服务端只能保存会员标识。', 'none'],
  [BUSY]: ['服务端正在更新授权状态，请稍后再试。', 'retry'],
  'HTTP 400': ['服务端不接受这个请求，请稍后再试。', 'retry'],
  'HTTP 401': ['登录已经失效，请重新授权。', 'authorise'],
  'HTTP 403': ['没有权限读取会员信息。', 'leave'],
  'HTTP 502': ['服务端没有从支付宝得到可信的答复，会员信息没有更新。请稍后再试。', 'retry'],
  'HTTP 503': ['服务端暂时忙，请稍后再试。', 'retry'],
  'HTTP 504': ['支付宝没有及时答复服务端，请稍后再试。', 'retry'],
  getAuthorize: ['你没有同意显示昵称和头像。需要时可以再点「显示我的昵称和头像」。', 'none'],
  'my.getOpenUserInfo 40003': ['还没有同意显示昵称和头像，请点「显示我的昵称和头像」。', 'none'],
  'my.getOpenUserInfo 40006': [
    '本小程序没有开通「获取会员基础信息」产品，不能在这里显示昵称和头像。',
    'none',
  ],
  'my.getOpenUserInfo': ['没能读取昵称和头像，可以再点一次「显示我的昵称和头像」。', 'none'],
};

/** The error that is thrown, and shown by a page. @returns {AppError} */
export function errorFor(/** @type {string} */ code, status = 0) {
  const row = [code, code.split(' ')[0], `HTTP ${status}`].map((key) => ERRORS[key]).find(Boolean);
  const [message, next] = row || /** @type {const} */ (['出了点问题，请稍后再试。', 'retry']);
  return { code, status, message, next, label: WAYS[next] };
}
