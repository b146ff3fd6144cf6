import { ask } from '../static/dom.js';

/** The mini-program's `my`. What is missing reads as undefined, as on an old Alipay; calling it throws, and the phone shows that. */
export function createMy({ state, bench, supported: { failures, openUserInfo }, report, where, problem, consent, screen }) {
  const prefix = `phone:${state.app}:${state.member}:`;
  const fail = (error, api = 'getAuthCode', more) => Promise.reject({ error, errorMessage: failures[api][error], ...more });

  /** Reports a call and its end. With callbacks nobody needs to catch the Promise. */
  function call(api, options, work, sent) {
    const { success, fail: failure, complete, ...args } = options, trace = crypto.randomUUID();
    // The silent login at the start must not use up a failure meant for what the user does.
    const planned = bench.fail?.api === api && state.touched && bench.fail.error;
    const end = ok => (result = {}) => {
      report({ kind: 'return', trace, api, ok, result });
      (ok ? success : failure)?.(result);
      complete?.(result);
      return ok ? result : Promise.reject(result);
    };
    report({ kind: 'call', trace, api, args: { ...args, ...sent }, where: where() });
    if (api.endsWith('Sync')) return end(true)(work(options));
    if (planned) bench.fail = null;
    const done = (async () => (planned ? fail(planned, api) : work(options, trace)))().then(end(true), end(false));
    if (success || failure || complete) done.catch(error => error instanceof Error && problem(error));
    return done;
  }

  async function emulator(name, body) {
    const answer = await ask(body ? 'POST' : 'GET', `emulator/${name}`, body).catch(() => fail(12));
    return answer.error ? fail(12) : answer;
  }
  async function lookUp() {
    const { app_id: own, members, apps } = await emulator('members'), member = members.find(({ id }) => id === state.member);
    const told = { nickName: bench.forge?.nick_name ?? member.nick_name ?? '', avatar: member.avatar ?? '' };
    return { member, told, agreed: member.consented.includes(own), bound: apps[own].product };
  }
  async function getAuthCode({ scopes = 'auth_base' }) {
    const { member, agreed } = await lookUp(), asked = [scopes].flat();
    if (!asked.every(scope => /^auth_(base|user)$/.test(scope))) return fail(3);
    const answer = asked.includes('auth_user') && !agreed ? await consent(member) : 'agree';
    if (answer !== 'agree') return fail(answer === 'refuse' ? 11 : 3);
    const { auth_code: authCode } = await emulator('auth-code', { member: member.id, scopes: asked });
    return authCode ? { authCode, authErrorScopes: {}, authSuccessScopes: asked } : fail(10);
  }

  /** The configured API's origin becomes this page's own. `type`: of the body, unless the headers say. */
  const request = (api, type) => (options = {}) => {
    const { url, method = 'GET', data, headers } = options, to = URL.parse(url);
    const sent = { method: method.toUpperCase(), headers: { 'content-type': type }, data };
    for (const name in headers) sent.headers[name.toLowerCase()] = headers[name];
    if (bench.forge && sent.method === 'POST') Object.assign(sent, { forged: bench.forge, data: { ...data, ...bench.forge } });
    const form = new URLSearchParams(sent.data);
    if (sent.method === 'GET') form.forEach((value, name) => to?.searchParams.append(name, value));
    if (to) sent.sentTo = location.origin + to.pathname + to.search;

    return call(api, options, async (_, trace) => {
      if (!to) return fail(2, 'request');
      if (![state.api, location.origin].includes(to.origin)) return fail(11, 'request');
      const about = { ...sent, headers: { ...sent.headers, 'X-Trace': trace, 'Accept-Language': 'zh-CN' }, credentials: 'omit' };
      if (sent.data && sent.method !== 'GET') about.body = /json/.test(sent.headers['content-type']) ? JSON.stringify(sent.data) : form;
      const answer = await fetch(sent.sentTo, about).catch(() => fail(12, 'request'));
      const result = { data: await answer.text(), status: answer.status, headers: Object.fromEntries(answer.headers) };
      let wrong = !answer.ok && 19; // the docs count HTTP errors as failures
      try { result.data = JSON.parse(result.data); } catch { wrong ||= 14; }
      return wrong ? fail(wrong, 'request', result) : result;
    }, sent);
  };

  const apis = {
    __proto__: null,
    ...screen,
    getAuthCode,
    getAuthUserInfo: () => lookUp().then(({ told, agreed }) => (agreed ? told : fail(4))),
    async getOpenUserInfo() { // its errors arrive in success
      const { member: { gender, province, city }, told, agreed, bound } = await lookUp();
      const response = { ...openUserInfo.agreed, ...told, gender, province, city };
      return { response: JSON.stringify({ response: !bound ? openUserInfo.unbound : agreed ? response : openUserInfo.refused }) };
    },
    setStorageSync: ({ key, data = null }) => localStorage.setItem(prefix + key, JSON.stringify(data)),
    getStorageSync: ({ key }) => ({ data: JSON.parse(localStorage.getItem(prefix + key)) }),
    removeStorageSync: ({ key }) => localStorage.removeItem(prefix + key),
  };
  for (const [name, work] of Object.entries(apis)) apis[name] = (options = {}) => call(name, options, work);
  apis.request = request('request', 'application/json');
  apis.httpRequest = request('httpRequest', 'application/x-www-form-urlencoded');
  const my = new Proxy(apis, { get: (_, name) => (bench.missing.includes(name) ? undefined : apis[name]) });
  return { my, authorize: () => call('getAuthorize', { scopes: 'auth_user' }, getAuthCode) };
}
