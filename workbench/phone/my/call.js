// One call of my.*, from what the page asks to what it is told. The workbench hears of both.
import { did } from '../person.js';
import { framesOf, problem, whereFrom } from '../problems.js';
import { route } from '../stack.js';
import { bench, phone, report } from '../workbench.js';
import { failure } from './failures.js';

/**
 * Calls my.`api`: gives the result of a …Sync, a Promise of any other. With callbacks nobody needs
 * to catch the Promise.
 * @type {Call}
 */
export function call(api, options, work, sent) {
  const { success, fail, complete, ...args } = options;
  const trace = crypto.randomUUID();
  /** @type {(outcome: string, result: Partial<Failure>, callback?: Callback) => void} */
  const end = (outcome, result, callback) => {
    reportEnd(api, trace, outcome, result);
    callback?.(result);
    complete?.(result);
  };
  const succeed = (result = {}) => {
    end('ok', result, success);
    return result;
  };
  const failed = (/** @type {Failure} */ result) => {
    end('failed', result, fail);
    throw result;
  };

  reportStart(api, trace, args, sent);
  if (api.endsWith('Sync')) return succeed(work(options, trace));
  const done = begin(api, options, work, trace).then(succeed, failed);
  if (success || fail || complete) done.catch(showMistake);
  return done;
}

/**
 * Does the work, unless the workbench has ordered a failure for this call, which uses it up. It is
 * meant for what the user does: the silent login at the start leaves it alone.
 * @type {Begin}
 */
async function begin(api, options, work, trace) {
  const { fail, error } = bench.order;
  if (fail !== api || !error || !phone.isTouched) return work(options, trace);
  bench.order = {};
  throw failure(api, error);
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
    trigger: did(),
    function: whereFrom(stack) ?? `${route()}.axml`,
    frames: framesOf(stack),
    trace,
    api,
    args: { ...args, ...sent },
  });
}

/** @type {(api: string, trace: string, outcome: string, result: Partial<Failure>) => void} */
function reportEnd(api, trace, outcome, result) {
  const { error: number, errorMessage: message, status } = result;
  const isOurs = number && !status; // else the server has more to say
  const error = isOurs ? { code: `my.${api} ${number}`, message, report: 'question' } : undefined;
  report({ kind: 'return', trace, api, outcome, result, error });
}

/** A failure was told to the page by its callback; a mistake in the callback is to be seen. */
function showMistake(/** @type {unknown} */ error) {
  if (error instanceof Error) problem(error);
}
