// Mistakes on purpose: each button does what old articles do, and the page shows the right line
// beside it.
import { API_BASE } from '../../config.js';

const MISTAKES = [
  {
    id: 'authcode',
    title: '字段名写成小写',
    wrong: 'auth_code: res.authcode',
    right: 'auth_code: res.authCode',
    why: '字段叫 authCode；authcode 是 undefined，服务器什么也收不到，只能答 400。',
  },
  {
    id: 'get',
    title: '用 GET 把授权码放进地址',
    wrong: "method: 'GET', url: '/api/auth?auth_code=…'",
    right: "method: 'POST', data: { auth_code }",
    why: '地址会留在每一份访问日志里，授权码也就留在那里；服务器拒绝这样的请求。',
  },
  {
    id: 'httpRequest',
    title: '还在用 my.httpRequest',
    wrong: 'my.httpRequest({ url, data })',
    right: 'my.request({ url, data })',
    why: '它还能用，但已停止维护，类型声明里已经没有它。',
  },
  {
    id: 'profile',
    title: '把客户端资料透传给服务器',
    wrong: "data: { nick_name: '我说我是谁就是谁' }",
    right: 'POST /api/member，不带资料',
    why: '客户端资料没有签名，谁都能改。服务器不读它，自己去支付宝取。',
  },
  {
    id: 'literal',
    title: '照抄官方旧示例',
    wrong: 'my.httpRequest({ url, data: { authcode: res.authcode } })',
    right: "my.request({ url, method: 'POST', data: { auth_code: res.authCode } })",
    why: '不写 method 就是 GET，res.authcode 又是 undefined：地址里只剩 ?authcode=undefined。',
  },
  {
    id: 'http',
    title: '服务器地址用明文 http',
    wrong: "url: 'http://isv.com/auth'",
    right: "url: 'https://…'，域名在服务器域名白名单里",
    why: '真机只连白名单里的 https 域名；在明文上，路上的人都能读到授权码。',
  },
  {
    id: 'refresh',
    title: 'auth_code 旁边又放 refresh_token',
    wrong: 'setCode(code); setRefreshToken(token)',
    right: 'grant_type=authorization_code 只配 code',
    why: '换令牌只传 code，刷新只传 refresh_token。客户端不该有 refresh_token；服务器也不读它。',
  },
];

const getAuthCode = (scopes) =>
  new Promise((resolve, reject) => my.getAuthCode({ scopes, success: resolve, fail: reject }));

/** Resolves with the server's answer whatever its status. */
const answerOf = (api, options) =>
  new Promise((resolve, reject) => {
    const fail = (res) => (res.status ? resolve(res) : reject(res));
    my[api]({ ...options, success: resolve, fail });
  });

/** Sends JSON to our server. */
const send = (api, method, path, data, headers = {}) =>
  answerOf(api, {
    url: API_BASE + path,
    method,
    data,
    headers: { 'content-type': 'application/json', ...headers },
  });

const does = {
  async authcode() {
    const res = await getAuthCode('auth_base');
    return send('request', 'POST', '/api/auth', { auth_code: res.authcode });
  },
  async get() {
    const { authCode } = await getAuthCode('auth_base');
    return send('request', 'GET', `/api/auth?auth_code=${authCode}`);
  },
  async httpRequest() {
    const { authCode } = await getAuthCode('auth_base');
    return send('httpRequest', 'POST', '/api/auth', { auth_code: authCode });
  },
  async profile() {
    const { authCode } = await getAuthCode('auth_user');
    const { data } = await send('request', 'POST', '/api/auth', { auth_code: authCode });
    const forged = { nick_name: '我说我是谁就是谁' };
    return send('request', 'POST', '/api/member', forged, {
      Authorization: `Bearer ${data.session}`,
    });
  },
  async literal() {
    const res = await getAuthCode('auth_base');
    return answerOf('httpRequest', {
      url: `${API_BASE}/api/auth`,
      data: { authcode: res.authcode },
    });
  },
  async http() {
    const { authCode } = await getAuthCode('auth_base');
    return answerOf('request', {
      url: 'http://isv.com/auth',
      method: 'POST',
      data: { auth_code: authCode },
    });
  },
  async refresh() {
    const { authCode } = await getAuthCode('auth_base');
    const both = { auth_code: authCode, refresh_token: '201208134b203fe6c11548bcabd8da5bb087a83b' };
    return send('request', 'POST', '/api/auth', both);
  },
};

/** What came of a request: its status, and the server's word or the nickname that is saved. */
function outcome({ status, data }) {
  const { error, member } = Object(data);
  if (error) return `${status} ${error.message}`;
  if (member && member.nick_name) return `${status} 库里的昵称：${member.nick_name}`;
  return `${status} 成功`;
}

Page({
  data: { mistakes: MISTAKES, results: {}, busy: false },

  async make({ currentTarget }) {
    const { id } = currentTarget.dataset;
    this.setData({ busy: true });
    let result;
    try {
      result = outcome(await does[id]());
    } catch (failed) {
      result = `${failed.error || ''} ${failed.errorMessage || failed.message}`;
    }
    this.setData({ busy: false, results: { ...this.data.results, [id]: `→ ${result}` } });
  },
});
