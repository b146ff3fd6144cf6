// The panel "what broke": the newest failure, with its hint and the question for Alipay's support.
import { listen } from './bus.js';
import { $, copyButton, fill, h, say } from './dom.js';
import { waysOfFailing } from './laboratory.js';
import { chosen, opened } from './state.js';
import { failed } from './trace.js';

/** What failed last, so that the same is known when it works again. */
let broken;
/** The last request that failed: the exchange that it is about is told after it. */
let refused;

export function start() {
  listen('step', (step) => {
    if (step.n && step.at >= opened) see(step);
    // Each button of the common mistakes is a try of its own: what was told of another is over.
    const isNewTry = chosen.app === 'mistakes' && step.kind === 'call' && !step.n;
    if (isNewTry) close();
  });
  listen('changed', see);
  for (const moment of ['restart', 'fault', 'cleared']) listen(moment, close);
}

function close() {
  broken = undefined;
  $('failure').open = false;
}

function see(step) {
  if (step.error) explain(step);
  else if (isMended(step)) $('failure').classList.add('mended');
}

/** The same worked later, for the same: the phone's requests say nothing of a web login's. */
function isMended(step) {
  if (!broken || failed(step) || chosen.app === 'mistakes') return false;
  const isSame = step.title === broken.title && Boolean(step.trace) === Boolean(broken.trace);
  return isSame && step.at >= broken.at;
}

async function explain(step) {
  const { kind, title, trace, at, error } = step;
  const isPartOfRefused = kind === 'exchange' && refused?.trace === trace;
  if (!isPartOfRefused) broken = { title, trace, at };
  if (kind === 'request') refused = step;
  const mine = broken;
  $('failure').classList.remove('mended'); // now: while the words are fetched it may be mended
  const { ways } = await waysOfFailing();
  if (mine !== broken) return; // another one came, or the panel was closed meanwhile
  const known = ways.find((way) => way.expect === error.code && way.hint);
  fill($('failure-code'), error.code);
  fill($('failure-body'), ...bodyOf(step, known));
  $('failure').open = true;
}

/** What happened, what was said, what to do next, and the question for Alipay's support. */
function bodyOf(step, known) {
  const { hint, report } = step.error;
  const way = known?.hint ?? hint;
  return [
    known && h('p', {}, say(known)),
    message(step),
    way && h('p', {}, h('b', {}, say('hint')), ' ', say(way)),
    report && question(step),
  ];
}

/** What was said: in the page's language if it is ours, else as Alipay says it, and marked so. */
function message({ kind, error: { message: said = '' } }) {
  const text = said.zh ?? said;
  const isAlipays = kind !== 'request' && (said.en ?? text) === text;
  if (!text) return undefined;
  if (!isAlipays) return h('p', {}, say(said));
  const lang = /[一-鿿]/.test(text) ? 'zh' : 'en';
  return h('p', {}, say('alipays-words'), ' ', h('q', { lang }, text));
}

function question({ api, title, result, error: { report, message: said } }) {
  const copy = copyButton('copy-report', () => $('question').innerText);
  const phones = api && `${title}: ${result.error} ${said}`;
  return [h('h4', {}, say('report'), ' ', copy), h('pre', { id: 'question' }, say(report), phones)];
}
