// my.request, and my.httpRequest of old articles.
import { bench, phone } from '../device.js';
import { apiError, call } from './call.js';

const TIMEOUT = 30_000;

/**
 * my.request: the data goes as JSON unless the headers say otherwise, that of a GET in the address.
 * Fails with 2 参数错误, 11 无权跨域调用, 12 网络出错, 13 超时, 14 not JSON, 19 an HTTP error.
 */
export const request = sender('request', 'application/json');

/** my.httpRequest, which is no longer maintained: the same, but the data goes as a form. */
export const httpRequest = sender('httpRequest', 'application/x-www-form-urlencoded');

/** @type {(api: string, type: string) => (options?: RequestOptions) => any} */
function sender(api, type) {
  return (options = {}) => {
    const sent = prepare(options, type);
    return call(api, options, (_, trace) => send(sent, options, trace), sent);
  };
}

/**
 * The request to send: the API's origin becomes this page's own.
 * @type {(options: RequestOptions, type: string) => Sent}
 */
function prepare({ url = '', method = 'GET', data, headers = {} }, type) {
  /** @type {Sent} */
  const sent = { method: method.toUpperCase(), headers: { 'content-type': type }, data };
  for (const [name, value] of Object.entries(headers)) sent.headers[name.toLowerCase()] = value;
  if (bench.forge && sent.method === 'POST') {
    sent.forged = bench.forge;
    sent.data = { ...data, ...bench.forge };
  }
  const to = parseAddress(url);
  if (!to) return sent;
  if (sent.method === 'GET') {
    for (const [name, value] of new URLSearchParams(data)) to.searchParams.append(name, value);
  }
  sent.sentTo = location.origin + to.pathname + to.search;
  return sent;
}

/** null for an invalid address. @type {(text: string) => URL | null} */
const parseAddress = (text) => (URL.canParse(text) ? new URL(text) : null);

/** @type {(sent: Sent, options: RequestOptions, trace: string) => Promise<object>} */
async function send(sent, { url = '', timeout = TIMEOUT }, trace) {
  const to = parseAddress(url);
  if (!to || !sent.sentTo) throw apiError('request', 2);
  const isAllowed = to.origin === phone.apiOrigin || to.origin === location.origin;
  if (!isAllowed) throw apiError('request', 11);
  const answer = await fetchText(sent.sentTo, {
    method: sent.method,
    headers: { ...sent.headers, 'X-Trace': trace, 'Accept-Language': 'zh-CN' },
    credentials: 'omit',
    body: bodyOf(sent),
    signal: AbortSignal.timeout(timeout),
  });
  return read(answer);
}

/** @param {Sent} sent */
function bodyOf({ method, headers, data }) {
  if (!data || method === 'GET') return undefined;
  if (/json/.test(headers['content-type'])) return JSON.stringify(data);
  return new URLSearchParams(data);
}

/** @type {(address: string, init: RequestInit) => Promise<Answered>} */
async function fetchText(address, init) {
  try {
    const response = await fetch(address, init);
    return { response, text: await response.text() };
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
    throw apiError('request', isTimeout ? 13 : 12);
  }
}

/**
 * The answer as the page gets it. By Alipay's documentation an HTTP error is error 19.
 * @param {Answered} answer
 */
function read({ response, text }) {
  const { ok, status } = response;
  const headers = Object.fromEntries(response.headers);
  const data = parse(text);
  const result = { data: data === undefined ? text : data, status, headers };
  if (!ok) throw apiError('request', 19, result);
  if (data === undefined) throw apiError('request', 14, result);
  return result;
}

/** @type {(text: string) => any} undefined for invalid JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
