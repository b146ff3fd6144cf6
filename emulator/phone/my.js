/**
 * The mini-program's `my`: `screen`'s functions and those that need a server. What is missing reads as undefined, as on an Alipay too
 * old to have it, so that feature tests are honest; calling it throws, and the phone shows that as a refusal.
 */
export function createMy({ app, state, supported: { failures, openUserInfo, system }, report, where, problem, consent, screen }) {
  const session = crypto.randomUUID().slice(0, 8), prefix = `phone:${app}:${state.member}:`, my = { __proto__: null };
  const failed = (error, api = 'getAuthCode') => ({ error, errorMessage: failures[api]?.[error] });
  const fail = (...about) => Promise.reject(failed(...about));
  let calls = 0;

  /** Reports a call and its end. The callbacks come before the Promise, which need not be caught if there are any. */
  function call(api, options, work, sent) {
    const id = `${session}-${++calls}`, began = performance.now(), planned = state.fail?.api === api && state.fail.error;
    const args = Object.entries({ ...options, ...sent }).filter(([, value]) => typeof value !== 'function');
    const end = (ok) => (result = {}) => {
      report({ type: 'return', id, api, ok, result, elapsed: performance.now() - began });
      options[ok ? 'success' : 'fail']?.(result);
      options.complete?.(result);
      return ok ? result : Promise.reject(result);
    };
    report({ type: 'call', id, api, args: Object.fromEntries(args), where: where() });
    if (api.endsWith('Sync')) return end(true)(work(options));
    if (planned) state.fail = null;
    const done = (async () => (planned ? fail(planned, api) : work(options, id)))().then(end(true), end(false));
    if (options.success || options.fail || options.complete) done.catch((error) => error instanceof Error && problem(error));
    return done;
  }

  async function emulator(name, body) {
    const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`/workbench/emulator/${name}`, body && post).catch(() => ({}));
    return answer.ok ? answer.json() : fail(12);
  }
  async function lookUp() {
    const { app_id: own, members, apps } = await emulator('members');
    const member = members.find(({ id }) => id === state.member) ?? members[0];
    const told = { nickName: state.forge?.nick_name ?? member.nick_name ?? '', avatar: member.avatar ?? '' };
    return { member, told, agreed: member.consented.includes(own), bound: apps[own].product };
  }
  async function getAuthCode({ scopes = 'auth_base' }) {
    const { member, agreed } = await lookUp(), asked = [scopes].flat();
    if (!asked.every((scope) => /^auth_(base|user)$/.test(scope))) return fail(3);
    const answer = asked.includes('auth_user') && !agreed ? await consent(member) : 'agree';
    if (answer !== 'agree') return fail(answer === 'refuse' ? 11 : 3); // 3: the back key
    const { auth_code: authCode } = await emulator('auth-code', { member: member.id, scopes: asked });
    return authCode ? { authCode, authErrorScopes: {}, authSuccessScopes: asked } : fail(10);
  }
  const authorize = () => call('getAuthorize', {}, async () => void await getAuthCode({ scopes: 'auth_user' }));

  /** What will be sent, and where: the configured API's origin becomes this page's own, path and query kept. */
  function prepare({ url, method = 'GET', headers = {}, data }, type) {
    const sent = { method: method.toUpperCase(), headers: { 'content-type': type }, data }, to = URL.canParse(url) && new URL(url);
    for (const [name, value] of Object.entries(headers)) sent.headers[name.toLowerCase()] = value;
    if (!to || Object.values(headers).some((value) => typeof value !== 'string')) return { error: 2 };
    if (to.origin !== state.api && to.origin !== location.origin) return { error: 11 };
    if (state.forge && sent.method === 'POST') Object.assign(sent, { forged: state.forge, data: { ...data, ...state.forge } });
    const query = new URLSearchParams(sent.data);
    if (sent.method === 'GET') query.forEach((value, name) => to.searchParams.append(name, value));
    else if (sent.data) sent.body = sent.headers['content-type'].includes('json') ? JSON.stringify(sent.data) : String(query);
    return { ...sent, sentTo: location.origin + to.pathname + to.search };
  }
  async function send({ error, sentTo, ...request }, { dataType = 'json', timeout = 30000 }, id) {
    if (error) return fail(error, 'request');
    const headers = { ...request.headers, 'X-Trace': id, 'Accept-Language': 'zh-CN' }, signal = AbortSignal.timeout(timeout);
    const lost = ({ name }) => fail(name === 'TimeoutError' ? 13 : 12, 'request');
    const answer = await fetch(sentTo, { ...request, headers, signal, credentials: 'omit' }).catch(lost);
    const result = { data: await answer.text().catch(lost), status: answer.status, headers: Object.fromEntries(answer.headers) };
    let wrong = !answer.ok && 19; // the docs count HTTP errors as failures
    if (/json/i.test(dataType)) try { result.data = JSON.parse(result.data); } catch { wrong ||= 14; }
    return wrong ? Promise.reject({ ...failed(wrong, 'request'), ...result }) : result;
  }
  const request = (api, type) => (options = {}) => {
    const sent = prepare(options, type);
    return call(api, options, (_, id) => send(sent, options, id), sent);
  };

  const stored = ({ key }) => prefix + key;
  const storage = {
    set: (options) => localStorage.setItem(stored(options), JSON.stringify(options.data ?? null)),
    get: (options) => ({ data: JSON.parse(localStorage.getItem(stored(options))) }),
    remove: (options) => localStorage.removeItem(stored(options)),
    clear: () => Object.keys(localStorage).forEach((name) => name.startsWith(prefix) && localStorage.removeItem(name)),
  };
  const apis = {
    ...screen,
    getAuthCode,
    getAuthUserInfo: () => lookUp().then(({ told, agreed }) => (agreed ? told : fail(4))),
    async getOpenUserInfo() { // its errors arrive in success
      const { member: { gender, province, city }, told, agreed, bound } = await lookUp();
      const response = { ...openUserInfo.agreed, ...told, gender, province, city };
      return { response: JSON.stringify({ response: !bound ? openUserInfo.unbound : agreed ? response : openUserInfo.refused }) };
    },
    getSystemInfoSync: () => ({ ...system, windowWidth: window.innerWidth, windowHeight: window.innerHeight }),
  };
  for (const [verb, work] of Object.entries(storage)) apis[`${verb}Storage`] = apis[`${verb}StorageSync`] = work;
  const all = {
    canIUse: (name) => name in my || name === 'button.open-type.getAuthorize',
    request: request('request', 'application/json'),
    httpRequest: request('httpRequest', 'application/x-www-form-urlencoded'), // no longer maintained, but it works
  };
  for (const [name, work] of Object.entries(apis)) all[name] = (options = {}) => call(name, options, work);
  const setMissing = (names) => Object.keys(all).forEach((name) => (names.includes(name) ? delete my[name] : (my[name] = all[name])));
  return { my, setMissing, authorize };
}
