// The panel "what broke": the newest failure, with its hint and the question for Alipay's support.
import { listen } from './bus.js';
import { $, copyButton, fill, h, say, words } from '/workbench/shared/dom.js';
import { chosen, opened } from './state.js';
import { failed } from '/workbench/shared/trace-step.js';

/** What failed last, so that the same is known when it works again. @type {Step | undefined} */
let broken;
/** The last request that failed: the exchange that it is about is told after it. @type {Step} */
let refused;

export function start() {
  listen('step', (step) => {
    if (step.n && step.at >= opened) see(step);
    // Each button of the common mistakes is a try of its own: what was told of another is over.
    const isNewTry = chosen.app === 'mistakes' && step.kind === 'call' && !step.n;
    if (isNewTry) close();
  });
  listen('changed', see);
  listen('restart', close);
  listen('fault', close);
  listen('cleared', close);
}

function close() {
  broken = undefined;
  $('error').open = false;
}

/** @type {See} */
function see(step) {
  if (step.error) explain(step, step.error);
  else if (isMended(step)) $('error').classList.add('mended');
}

/**
 * The same worked later, for the same: the phone's requests say nothing of a web login's.
 * @type {(step: Step) => boolean}
 */
function isMended(step) {
  if (!broken || failed(step) || chosen.app === 'mistakes') return false;
  const isSame = step.title === broken.title && Boolean(step.trace) === Boolean(broken.trace);
  return isSame && step.at >= broken.at;
}

/** @type {(step: Step, error: Problem) => void} */
function explain(step, error) {
  const { kind, trace } = step;
  const isPartOfRefused = kind === 'exchange' && refused?.trace === trace;
  if (!isPartOfRefused) broken = step;
  if (kind === 'request') refused = step;
  $('error').classList.remove('mended');
  const known = words.faults.find((fault) => fault.expect === error.code && fault.hint);
  fill($('error-code'), error.code);
  fill($('error-body'), bodyOf(step, error, known));
  $('error').open = true;
}

/**
 * What happened, what was said, what to do next, and the question for Alipay's support.
 * @type {(step: Step, error: Problem, known?: Fault) => Parts}
 */
function bodyOf(step, error, known) {
  const { hint, report } = error;
  const way = known?.hint ?? hint;
  return [
    known && h('p', {}, say(known)),
    message(step, error),
    way && h('p', {}, h('b', {}, say('hint')), ' ', say(way)),
    report && question(step, error),
  ];
}

/**
 * What was said: in the page's language if it is ours, else as Alipay says it, and marked so.
 * @type {(step: Step, error: Problem) => Child}
 */
function message({ kind }, { message: said = '' }) {
  const { zh: text, en } = typeof said === 'object' ? said : { zh: `${said}`, en: `${said}` };
  if (!text) return undefined;
  const isAlipays = kind !== 'request' && en === text;
  if (!isAlipays) return h('p', {}, say(said));
  const lang = /[一-鿿]/.test(text) ? 'zh' : 'en';
  return h('p', {}, say('alipays-words'), ' ', h('q', { lang }, text));
}

/** @type {(step: Step, error: Problem) => Child[]} */
function question({ api, title, result }, { report = '', message: said }) {
  const copy = copyButton('copy-report', () => $('question').innerText);
  const phones = api && `${title}: ${result.error} ${said}`;
  return [h('h4', {}, say('report'), ' ', copy), h('pre', { id: 'question' }, say(report), phones)];
}
