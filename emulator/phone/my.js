import { ask } from '../static/dom.js';

/** The mini-program's `my`. What is missing reads as undefined, as on an old Alipay. */
export function createMy({
  state,
  bench,
  supported: { failures, openUserInfo },
  report,
  origin,
  route,
  problem,
  consent,
  screen,
}) {
  const prefix = `phone:${state.app}:${state.member}:`;
  const fail = (error, api = 'getAuthCode', more) =>
    Promise.reject({ error, errorMessage: failures[api][error], ...more });

  /** Reports a call and its end. With callbacks nobody needs to catch the Promise. */
  function call(api, options, work, sent) {
    const { success, fail: failure, complete, ...args } = options,
      trace = crypto.randomUUID();
    // The silent login at the start must not use up a failure meant for what the user does.
    const planned = bench.order.fail === api && state.touched && bench.order.error;
    const end =
      (outcome, callback) =>
      (result = {}) => {
        const { error: number, errorMessage: message, status } = result;
        const error = number &&
          !status && { code: `my.${api} ${number}`, message, report: 'question' }; // else the server says more
        report({ kind: 'return', trace, api, outcome, result, error });
        callback?.(result);
        complete?.(result);
        return outcome === 'ok' ? result : Promise.reject(result);
      };
    const title =
      `my.${api} ${sent?.sentTo ? `→ ${sent.method} ${new URL(sent.sentTo).pathname}` : (args.scopes ?? '')}`.trim();
    const step = {
      title,
      says: api,
      outcome: 'working',
      function: origin(new Error().stack) ?? `${route()}.axml`,
    };
    report({ kind: 'call', ...step, trace, api, args: { ...args, ...sent } });
    if (api.endsWith('Sync')) return end('ok', success)(work(options));
    if (planned) bench.order = {};
    const done = (async () => (planned ? fail(planned, api) : work(options, trace)))().then(
      end('ok', success),
      end('failed', failure),
    );
    if (success || failure || complete)
      done.catch((error) => error instanceof Error && problem(error));
    return done;
  }

  async function emulator(name, body) {
    const answer = await ask(body ? 'POST' : 'GET', `emulator/${name}`, body).catch(() => fail(12));
    return answer.error ? fail(12) : answer;
  }
  async function lookUp() {
    const { app_id: own, members, apps } = await emulator('members'),
      member = members.find(({ id }) => id === state.member);
    const told = {
      nickName: bench.forge?.nick_name ?? member.nick_name ?? '',
      avatar: member.avatar ?? '',
    };
    return { member, told, agreed: member.consented.includes(own), bound: apps[own].product };
  }
  async function getAuthCode({ scopes = 'auth_base' }) {
    const { member, agreed } = await lookUp(),
      asked = [scopes].flat();
    if (!asked.every((scope) => /^auth_(base|user)$/.test(scope))) return fail(3);
    const answer = asked.includes('auth_user') && !agreed ? await consent(member) : 'agree';
    if (answer !== 'agree') return fail(answer === 'refuse' ? 11 : 3);
    const { auth_code: authCode } = await emulator('auth-code', {
      member: member.id,
      scopes: asked,
    });
    return authCode ? { authCode, authErrorScopes: {}, authSuccessScopes: asked } : fail(10);
  }

  /** The configured API's origin becomes this page's own. `type`: of the body, unless the headers say. */
  const request =
    (api, type) =>
    (options = {}) => {
      const { url, method = 'GET', data, headers } = options,
        to = URL.parse(url);
      const sent = { method: method.toUpperCase(), headers: { 'content-type': type }, data };
      for (const name in headers) sent.headers[name.toLowerCase()] = headers[name];
      if (bench.forge && sent.method === 'POST')
        Object.assign(sent, { forged: bench.forge, data: { ...data, ...bench.forge } });
      const form = new URLSearchParams(sent.data);
      if (sent.method === 'GET')
        form.forEach((value, name) => to?.searchParams.append(name, value));
      if (to) sent.sentTo = location.origin + to.pathname + to.search;

      return call(
        api,
        options,
        async (_, trace) => {
          if (!to) return fail(2, 'request');
          if (![state.api, location.origin].includes(to.origin)) return fail(11, 'request');
          const about = {
            ...sent,
            headers: { ...sent.headers, 'X-Trace': trace, 'Accept-Language': 'zh-CN' },
            credentials: 'omit',
          };
          if (sent.data && sent.method !== 'GET')
            about.body = /json/.test(sent.headers['content-type'])
              ? JSON.stringify(sent.data)
              : form;
          about.signal = AbortSignal.timeout(options.timeout ?? 30_000);
          const [answer, data] = await fetch(sent.sentTo, about)
            .then(async (it) => [it, await it.text()])
            .catch(({ name }) => fail(name === 'TimeoutError' ? 13 : 12, 'request'));
          const result = {
            data,
            status: answer.status,
            headers: Object.fromEntries(answer.headers),
          };
          let wrong = !answer.ok && 19; // the docs count HTTP errors as failures
          try {
            result.data = JSON.parse(result.data);
          } catch {
            wrong ||= 14;
          }
          return wrong ? fail(wrong, 'request', result) : result;
        },
        sent,
      );
    };

  const apis = {
    __proto__: null,
    ...screen,
    getAuthCode,
    getAuthUserInfo: () => lookUp().then(({ told, agreed }) => (agreed ? told : fail(4))),
    async getOpenUserInfo() {
      // its errors arrive in success
      const {
        member: { gender, province, city },
        told,
        agreed,
        bound,
      } = await lookUp();
      const response = { ...openUserInfo.agreed, ...told, gender, province, city };
      return {
        response: JSON.stringify({
          response: !bound ? openUserInfo.unbound : agreed ? response : openUserInfo.refused,
        }),
      };
    },
    setStorageSync: ({ key, data = null }) =>
      localStorage.setItem(prefix + key, JSON.stringify(data)),
    getStorageSync: ({ key }) => ({ data: JSON.parse(localStorage.getItem(prefix + key)) }),
    removeStorageSync: ({ key }) => localStorage.removeItem(prefix + key),
  };
  for (const [name, work] of Object.entries(apis))
    apis[name] = (options = {}) => call(name, options, work);
  apis.request = request('request', 'application/json');
  apis.httpRequest = request('httpRequest', 'application/x-www-form-urlencoded');
  const my = new Proxy(apis, {
    get: (_, name) => (name === bench.order.missing ? undefined : apis[name]),
  });
  return { my, authorize: () => call('getAuthorize', { scopes: 'auth_user' }, getAuthCode) };
}
