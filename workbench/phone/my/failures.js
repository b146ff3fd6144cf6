// What my.* calls fail with, in Alipay's own words.

/** @type {Record<string, Record<number, string>>} */
const MESSAGES = {
  getAuthCode: {
    3: '未找到授权结果',
    4: '无权调用',
    10: 'Empty Data',
    11: '用户取消授权',
    12: 'Network Error',
  },
  request: {
    2: '参数错误',
    11: '无权跨域调用',
    12: '网络出错',
    13: '超时',
    14: 'JSON parse data error',
    19: 'http status error',
  },
};

/** What to throw. @type {(api: string, error: number, more?: object) => Failure} */
export function failure(api, error, more) {
  return { error, errorMessage: MESSAGES[api][error], ...more };
}
