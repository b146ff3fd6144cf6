// One call of my.*, from the page's arguments to its result or error. The workbench hears of both.
import { bench, phone, report, route } from '../device.js';
import { latestDeed } from '../person.js';
import { framesOf, showProblem, whereFrom } from '../problems.js';

/** The errors of my.*, in Alipay's own words. @type {Record<string, Record<number, string>>} */
const ERRORS = {
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

/** What a my.* call throws. @type {(api: string, error: number, more?: object) => ApiError} */
export function apiError(api, error, more) {
  return { error, errorMessage: ERRORS[api][error], ...more };
}

/**
 * Calls my.`api`: returns the result of a …Sync, a Promise of any other. A page that passes
 * callbacks need not catch the Promise.
 * @type {Call}
 */
export function call(api, options, work, sent) {
  const { success, fail, complete, ...args } = options;
  const trace = crypto.randomUUID();
  /** @type {(outcome: string, result: Partial<ApiError>, callback?: Callback) => void} */
  const end = (outcome, result, callback) => {
    reportEnd(api, trace, outcome, result);
    callback?.(result);
    complete?.(result);
  };
  const succeeds = (result = {}) => {
    end('ok', result, success);
    return result;
  };
  const fails = (/** @type {ApiError} */ result) => {
    end('failed', result, fail);
    throw result;
  };

  reportStart(api, trace, args, sent);
  if (api.endsWith('Sync')) return succeeds(work(options, trace));
  const done = begin(api, options, work, trace).then(succeeds, fails);
  if (success || fail || complete) done.catch(showBug);
  return done;
}

/**
 * Does the work, unless the workbench has switched on a fault for this call, which uses it up. A
 * fault is meant for what the person does: the silent login at the start leaves it alone.
 * @type {Begin}
 */
async function begin(api, options, work, trace) {
  const { fail, error } = bench.order;
  if (fail !== api || !error || !phone.isTouched) return work(options, trace);
  bench.order = {};
  throw apiError(api, error);
}

/** @type {(api: string, trace: string, args: Options, sent?: Sent) => void} */
function reportStart(api, trace, args, sent) {
  const { stack } = new Error();
  const about = sent?.sentTo ? `→ ${sent.method} ${new URL(sent.sentTo).pathname}` : args.scopes;
  report({
    kind: 'call',
    title: about ? `my.${api} ${about}` : `my.${api}`,
    says: api,
    outcome: 'working',
    trigger: latestDeed(),
    function: whereFrom(stack) ?? `${route()}.axml`,
    frames: framesOf(stack),
    trace,
    api,
    args: { ...args, ...sent },
  });
}

/** @type {(api: string, trace: string, outcome: string, result: Partial<ApiError>) => void} */
function reportEnd(api, trace, outcome, result) {
  const { error: number, errorMessage: message, status } = result;
  const isOurs = number && !status; // else the server has more to say
  const error = isOurs ? { code: `my.${api} ${number}`, message, report: 'question' } : undefined;
  report({ kind: 'return', trace, api, outcome, result, error });
}

/** The callback has had an error of my.*; an Error is a bug in a callback, and has to be seen. */
function showBug(/** @type {unknown} */ error) {
  if (error instanceof Error) showProblem(error);
}
