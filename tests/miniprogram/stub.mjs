// A stand-in for the container: `my` that checks the shapes of Alipay's arguments, a tiny server behind
// my.request, and pages made from the page files as they are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { setImmediate as tick } from 'node:timers/promises';

// The sample's .js files are ES modules without a package.json to say so.
register(
  'data:text/javascript,' +
    encodeURIComponent(`export const load = (url, context, next) =>
  next(url, url.includes('/miniprogram/') && url.endsWith('.js') ? { ...context, format: 'module' } : context);`),
);

export const ROOT = new URL('../../miniprogram/', import.meta.url);
export const read = (path) => readFileSync(new URL(path, ROOT), 'utf8');
export const { API_BASE } = await import(new URL('config.js', ROOT));
export const { BUSY, NO_PRODUCT, NO_SCOPE, errorFor } = await import(new URL('messages.js', ROOT));

export const DISPLAYED = { nickName: 'client-nick', avatar: 'client-avatar.svg' };
export const PROFILE = {
  nick_name: '完整示例',
  avatar: 'server-avatar.svg',
  gender: 'F',
  user_type: '2',
  user_status: 'T',
};
const IDS = {
  app_id: 'demo-mini',
  open_id: 'open-1',
  user_id: null,
  union_id: null,
  province: null,
  city: null,
};
const NOTHING = Object.fromEntries(Object.keys(PROFILE).map((key) => [key, null]));

/** Checks an options object: no unknown key, each value of its type. */
function shape(options, types) {
  for (const [key, value] of Object.entries(options)) {
    assert.ok(key in types, `unknown option ${key}`);
    if (value !== undefined) assert.equal(typeof value, types[key], key);
  }
}

const CALLBACKS = { success: 'function', fail: 'function', complete: 'function' };

/** One phone with one person and one server. `log` holds, in order, what was asked of either. */
export class Phone {
  log = [];
  requests = [];
  storage = new Map();
  errors = {}; // api → the errors of its next calls
  refusing = []; // the server's next answers: {status, code} or null for a normal one
  httpErrors = 'success'; // where an HTTP error arrives: 'success', 'fail', 'fail-text', 'bare'
  confirms = true;
  openUserInfo = {
    code: '10000',
    msg: 'Success',
    nickName: DISPLAYED.nickName,
    avatar: DISPLAYED.avatar,
  };
  member = {
    ...IDS,
    ...NOTHING,
    is_certified: null,
    is_student_certified: null,
    first_seen: 1,
    profile_at: null,
  };
  sessions = new Map(); // token → scope
  codes = new Map(); // auth code → scope

  /** Calls back later, as the container does. */
  async reply(api, { success, fail }, result) {
    await tick();
    const error = this.errors[api]?.shift();
    if (error) fail?.(error);
    else success?.(result());
  }

  api = {
    getAuthCode: (options) => {
      shape(options, { scopes: 'string', ...CALLBACKS });
      assert.match(options.scopes, /^auth_(base|user)$/);
      this.log.push(options.scopes);
      this.reply('getAuthCode', options, () => {
        const authCode = `code-${this.codes.size + 1}`;
        this.codes.set(authCode, options.scopes);
        return { authCode, authErrorScopes: {}, authSuccessScopes: [options.scopes] };
      });
    },
    getAuthUserInfo: (options) => {
      shape(options, CALLBACKS);
      this.log.push('getAuthUserInfo');
      this.reply('getAuthUserInfo', options, () => ({ ...DISPLAYED }));
    },
    getOpenUserInfo: (options) => {
      shape(options, CALLBACKS);
      this.log.push('getOpenUserInfo');
      this.reply('getOpenUserInfo', options, () => ({
        response: JSON.stringify({ response: this.openUserInfo }),
      }));
    },
    request: (options) => this.request(options),
    getStorageSync: ({ key, ...rest }) => {
      assert.deepEqual([typeof key, rest], ['string', {}]);
      return { data: this.storage.has(key) ? JSON.parse(this.storage.get(key)) : null };
    },
    setStorageSync: ({ key, data, ...rest }) => {
      assert.deepEqual([typeof key, rest], ['string', {}]);
      this.storage.set(key, JSON.stringify(data));
      return { success: true };
    },
    removeStorageSync: ({ key, ...rest }) => {
      assert.deepEqual([typeof key, rest], ['string', {}]);
      this.storage.delete(key);
      return { success: true };
    },
    navigateTo: ({ url, fail }) => {
      if (this.stuck) return fail({ error: 1 });
      assert.ok(JSON.parse(read('app.json')).pages.includes(url.replace(/^\//, '')), url);
      return this.log.push(`to ${url}`);
    },
    navigateBack: () => this.log.push('back'),
    confirm: async (options) => {
      const text = 'string';
      shape(options, {
        title: text,
        content: text,
        confirmButtonText: text,
        cancelButtonText: text,
        ...CALLBACKS,
      });
      this.log.push('confirm');
      await tick();
      return { confirm: this.confirms };
    },
  };

  async request(options) {
    const text = 'string';
    shape(options, {
      url: text,
      method: text,
      data: 'object',
      headers: 'object',
      dataType: text,
      timeout: 'number',
      ...CALLBACKS,
    });
    assert.ok(options.url.startsWith(`${API_BASE}/`), options.url);
    shape(options.headers, { 'content-type': text, Authorization: text }); // one named "version" is forbidden
    const path = options.url.slice(API_BASE.length);
    const sent = {
      method: options.method,
      path,
      headers: options.headers,
      body: JSON.stringify(options.data),
    };
    this.requests.push(sent);
    this.log.push(`${sent.method} ${path}`);
    await tick();
    const error = this.errors.request?.shift();
    if (error) return options.fail(error);
    const { status, data, headers = {} } = this.serve(sent);
    if (status < 400 || this.httpErrors === 'success')
      return options.success({ status, data, headers });
    const error19 = { error: 19, errorMessage: 'http status error' };
    if (this.httpErrors === 'bare') return options.fail(error19);
    return options.fail({
      ...error19,
      status,
      headers,
      data: this.httpErrors === 'fail-text' ? JSON.stringify(data) : data,
    });
  }

  /** The server's contract, as small as it can be. */
  serve({ method, path, headers, body }) {
    const refused = this.refusing.shift();
    if (refused)
      return {
        status: refused.status,
        headers: refused.headers,
        data: { error: { code: refused.code, message: '…', hint: '', report: '' } },
      };
    const error = (status, code) => ({
      status,
      data: { error: { code, message: '…', hint: '', report: '' } },
    });
    if (path === '/api/auth') {
      const scope = this.codes.get(JSON.parse(body).auth_code);
      if (!scope) return error(401, 'isv.code-invalid');
      this.codes.set(JSON.parse(body).auth_code, null); // works once
      const session = `session-${this.requests.length}`;
      this.sessions.set(session, scope);
      return { status: 200, data: { session, expires_in: 2592000, member: { ...this.member } } };
    }
    const token = (headers.Authorization || '').replace('Bearer ', '');
    if (!this.sessions.has(token)) return error(401, 'session-ended');
    if (method === 'DELETE') {
      this.sessions.clear();
      return { status: 200, data: {} };
    }
    if (method === 'POST') {
      if (this.sessions.get(token) !== 'auth_user') return error(403, 'aop.invalid-auth-token');
      Object.assign(this.member, PROFILE, { profile_at: 2 });
    }
    return { status: 200, data: { member: { ...this.member } } };
  }

  /** The session as the sample saves it. */
  saved() {
    return this.api.getStorageSync({ key: 'session' }).data;
  }

  /** A phone that has logged in before. */
  signIn(scope) {
    this.sessions.set('old', scope);
    this.api.setStorageSync({ key: 'session', data: { token: 'old', scope } });
  }
}

let app;
const pages = {};
let registering;
globalThis.App = (options) => {
  app = options;
};
globalThis.getApp = () => app;
globalThis.Page = (options) => {
  pages[registering] = options;
};
await import(new URL('app.js', ROOT));
for (registering of JSON.parse(read('app.json')).pages)
  await import(new URL(`${registering}.js`, ROOT));
export const PAGES = pages;

/** Waits until the page rests. */
export async function rest(page) {
  for (let i = 0; i < 60; i += 1) {
    await tick();
    if (i > 1 && !page.data.busy) return;
  }
  assert.fail(`still busy: ${page.data.busy}`);
}

/** Opens a page of a phone, as a fresh start does unless `warm` (then the app's memory stays). */
export async function open(phone, path, warm = false) {
  globalThis.my = phone.api;
  if (!warm) app.globalData.member = null;
  const options = pages[path];
  const page = { ...options, data: structuredClone(options.data) };
  page.setData = (changes) => {
    for (const key of Object.keys(changes))
      assert.ok(key in page.data, `setData: ${key} is not in data`);
    Object.assign(page.data, structuredClone(changes));
  };
  page.onLoad?.({});
  page.onShow?.();
  await rest(page);
  return page;
}

export const index = (phone, warm) => open(phone, 'pages/index/index', warm);
export const memberCentre = (phone, warm) => open(phone, 'pages/member/member', warm);

/** 首页 first, then 会员中心, as a person goes. */
export async function arrive(phone) {
  await index(phone);
  phone.log.length = 0;
  return memberCentre(phone, true);
}

/** Taps: calls the handlers in the same moment, then waits. */
export async function tap(page, ...handlers) {
  for (const handler of handlers)
    page[handler]({ type: 'tap', currentTarget: { dataset: {} }, detail: {} });
  await rest(page);
}

export const count = (phone, entry) => phone.log.filter((one) => one === entry).length;
export const row = (page, key) => page.data.rows.find((one) => one.key === key);

const UNKNOWN = errorFor('a code without a sentence of its own');

/** The page shows this error, in a sentence of its own, with the way on that `next` names. */
export function showsError(page, code, next, status = 0) {
  const { error } = page.data;
  const expected = errorFor(code, status);
  assert.deepEqual([error.code, error.next], [code, next]);
  assert.deepEqual([error.message, error.label], [expected.message, expected.label]);
  assert.notEqual(error.message, UNKNOWN.message, `${code} has no sentence of its own`);
}
