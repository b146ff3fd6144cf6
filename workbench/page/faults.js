// Faults: switching one on, the banner that says whether what is expected of it was seen, and the
// panel "what broke".
import { $, ask, closest, copyButton, fill, h, say, words } from '/workbench/shared/dom.js';
import { failed } from '/workbench/shared/trace-step.js';
import { prepare, tapOn } from './hand.js';
import {
  bench,
  chosen,
  listen,
  meaning,
  opened,
  show,
  startPhone,
  tell,
  toPhone,
} from './state.js';

/** The fault that the banner shows: it is on, or was seen. @type {Fault | undefined} */
let armed;
/** @type {Expectation | undefined} */
let expected;
/** When the switch was last turned here: what a poll asked before that is no news. */
let turned = 0;
/**
 * When it was first heard that the switch is off: the one call for it may be under way.
 * @type {number | undefined}
 */
let spentAt;
/** How long that call may take, in milliseconds. */
const PATIENCE = 5000;

export function start() {
  startPanel();
  listen('step', look);
  listen('changed', look);
  listen('on', hearOfSwitch);
  document.addEventListener('click', (event) => {
    const [name, value] = meaning(closest(event, 'button'));
    if (name !== 'fault') return;
    if (!value) $('phone').focus({ preventScroll: true });
    choose(value === chosen.fault ? null : value);
  });
  $('drive').onclick = driveThePhone;
  $('more').ontoggle = showAll;
  $('fault-search').oninput = search;
}

/** Before the phone starts: what the address names is switched on, what is on already is shown. */
export async function ready() {
  const { name, asked } = $('armed').dataset;
  if (asked) await choose(asked);
  else if (name) adopt(name);
}

/** Switches one fault on, for all tabs; null mends all. @type {Choose} */
export async function choose(name) {
  turned = Infinity;
  tell('fault');
  adopt(name);
  await turn(name);
  if (name) toPhone();
}

/** @type {Choose} */
async function turn(name) {
  await ask('PUT', 'fault', { name, member: chosen.member });
  turned = performance.now();
}

/**
 * Shows a fault that is on now, and looks out for what is expected of it.
 * @type {(name: string | null) => void}
 */
function adopt(name) {
  if (name) chosen.fault = name;
  else delete chosen.fault;
  armed = words.faults.find((fault) => fault.name === name);
  expected = armed && expectation(armed);
  spentAt = undefined;
  if (armed?.action) delete chosen.fault; // it is done, not on
  bench.order = { ...armed?.phone };
  draw();
  show();
}

/** Whoever turned it, in whatever tab. @type {(on: News['on']) => void} */
function hearOfSwitch({ fault, asked }) {
  if (expected && !expected.seen) {
    expected.settle();
    draw();
  }
  if (asked < turned || (fault ?? undefined) === chosen.fault) return;
  spentAt ??= asked;
  if (fault) adopt(fault);
  else if (!mayBeUnderWay(asked)) over();
}

/**
 * A fault for one call is off once it is taken, before the page has seen what came of it.
 * @type {(asked: number) => boolean}
 */
const mayBeUnderWay = (asked) =>
  Boolean(armed?.once && !expected?.begun && asked - Number(spentAt) < PATIENCE);

/** It is off again. What has been seen of it stays on the banner, and nothing moves. */
function over() {
  delete chosen.fault;
  bench.order = {};
  if (!expected?.begun) armed = undefined;
  draw();
  show();
}

/** @type {See} */
function look(step) {
  if (!expected) return;
  expected.see(step);
  const isMet = armed?.phone?.fail && !bench.order.fail && expected.begun;
  if (isMet && chosen.fault) {
    turned = Infinity;
    over();
    turn(null);
  }
  draw();
}

/** The banner. */
function draw() {
  const { seen, wrong } = expected ?? {};
  let verdict = 'expect';
  if (seen) verdict = 'seen';
  if (wrong) verdict = 'unexpected';
  const shown = `armed ${verdict} ${armed?.name}`;
  if ($('armed').className === shown) return; // a screen reader says it once
  $('armed').hidden = !armed;
  $('armed').className = shown;
  const text = armed && [h('code', {}, armed.name), ' ', say(armed)];
  const outlook = armed && [' ', h('b', {}, say(verdict)), ' ', say(armed.seen)];
  fill($('active'), text, outlook);
}

async function driveThePhone() {
  const fault = armed;
  if (!fault) return;
  if (chosen.app !== 'miniprogram') {
    chosen.app = 'miniprogram';
    startPhone();
  }
  $('drive').disabled = true;
  await prepare(fault);
  await choose(fault.name);
  await tapOn(() => armed !== fault || expected?.seen || expected?.wrong);
  $('drive').disabled = false;
}

// ── the other faults, behind a search ──

function showAll() {
  const others = words.faults.filter(({ name }) => !words.first_faults.includes(name));
  const parts = Object.entries(words.fault_groups).map(([group, title]) =>
    h(
      'section',
      {},
      h('h3', {}, say(title)),
      h(
        'div',
        { className: 'faults' },
        others.filter((fault) => fault.group === group).map(button),
      ),
    ),
  );
  if (!$('fault-groups').firstChild) fill($('fault-groups'), parts);
}

/** @type {(fault: Fault) => HTMLElement} */
function button(fault) {
  const made = h(
    'button',
    { type: 'button', ariaPressed: fault.name === chosen.fault },
    h('code', {}, fault.name),
    ' ',
    h('span', {}, say(fault)),
    h('small', {}, say('expect'), ' ', say(fault.seen)),
  );
  made.dataset.fault = fault.name;
  return made;
}

/** Leaves those that have all the words that are looked for, in either language. */
function search() {
  const asked = $('fault-search').value.toLowerCase().split(/\s+/);
  const parts = [...$('fault-groups').querySelectorAll('section')];
  for (const part of parts) {
    const buttons = [...part.querySelectorAll('button')];
    for (const choice of buttons) {
      const text = choice.textContent.toLowerCase();
      choice.hidden = !asked.every((word) => text.includes(word));
    }
    part.hidden = buttons.every(({ hidden }) => hidden);
  }
  fill($('fault-found'), parts.every(({ hidden }) => hidden) && say('no-match'));
}

// ── what is expected of a fault, held against the steps that come: was it seen? ──

/** A request of the phone that came to a good end. @type {(step: Step) => boolean} */
const works = ({ kind, outcome, title }) =>
  kind === 'request' && outcome === 200 && /^(POST|GET) \/api\//.test(title);

/**
 * `see(step)` takes each step, `settle()` is called once all that belongs together has come. Then
 * `seen` or `wrong` is true, and `begun` once there was a sign of it.
 * @type {(fault: Fault) => Expectation}
 */
function expectation(fault) {
  const since = Date.now() / 1000 - 1;
  const state = { seen: false, wrong: false, begun: false, see, settle };
  /** The last request to fail as expected, and the last to work; the web login has none. */
  /** @type {string | undefined} */
  let failedIn;
  /** @type {string | undefined} */
  let workedIn;
  let fetched = 0;

  /** @type {See} */
  function see(step) {
    if (step.at < since || state.seen) return;
    if (works(step)) workedIn = step.trace;
    if (!fault.expect) seeAccepted(step);
    else if (fault.recovers) seeRecovery(step);
    else seeRefusal(step);
  }

  /** The error, and nothing saved by the request that met it. @type {See} */
  function seeRefusal(step) {
    const { kind, trace, outcome } = step;
    if (step.error?.code === fault.expect) {
      state.begun = true;
      failedIn = trace;
      // Only a POST could have saved something, and its store step follows.
      state.seen = kind !== 'exchange' && !`${step.title}`.startsWith('POST');
    } else if (state.begun && kind === 'store' && trace === failedIn) {
      state.seen = outcome === 'same';
      state.wrong = outcome === 'saved';
    }
  }

  /** The error, then the member's data: in the same request, or in a later one. @type {See} */
  function seeRecovery(step) {
    if (step.error?.code === fault.expect) {
      state.begun = true;
      state.seen = step.kind === 'exchange' && step.trace === workedIn;
    } else if (state.begun && works(step)) {
      state.seen = `${step.title}`.endsWith('/api/member');
    }
  }

  /** An answer of Alipay that was spoiled legally, in a request that worked. @type {See} */
  function seeAccepted(step) {
    if (step.kind === 'taps') state.begun = true;
    const isMeant = [null, undefined, step.title].includes(fault.method);
    const isVerified = step.kind === 'exchange' && step.outcome === 'verified' && !step.error;
    if (isVerified && isMeant && step.trace === workedIn) fetched += 1;
  }

  /** All that came of one tap is known by now. */
  function settle() {
    const isTapped = !fault.phone?.twice || state.begun;
    if (fault.expect || fetched === 0 || !isTapped) return;
    state.wrong = Boolean(fault.phone) && fetched > 1;
    state.seen = !state.wrong;
  }

  return state;
}

// ── the panel: what broke last, what to do, and the question for Alipay's support ──

/** What failed last, so that the same is known when it works again. @type {Step | undefined} */
let broken;
/** The last request that failed: its exchange comes after it. @type {Step} */
let refused;

function startPanel() {
  listen('step', (step) => {
    if (step.n && step.at >= opened) see(step);
    // Each button of the common mistakes is a try of its own: the panel was about another.
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
 * What happened, its message, what to do next, and the question for Alipay's support.
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
 * The message: in the page's language if it is ours, else as Alipay says it, and marked so.
 * @type {(step: Step, error: Problem) => Child}
 */
function message({ kind }, { message: given = '' }) {
  const { zh: text, en } = typeof given === 'object' ? given : { zh: `${given}`, en: `${given}` };
  if (!text) return undefined;
  const isAlipays = kind !== 'request' && en === text;
  if (!isAlipays) return h('p', {}, say(given));
  const lang = /[一-鿿]/.test(text) ? 'zh' : 'en';
  return h('p', {}, say('alipays-words'), ' ', h('q', { lang }, text));
}

/** @type {(step: Step, error: Problem) => Child[]} */
function question({ api, title, result }, { report = '', message: given }) {
  const copy = copyButton('copy-report', () => $('question').innerText);
  const phones = api && `${title}: ${result.error} ${given}`;
  return [h('h4', {}, say('report'), ' ', copy), h('pre', { id: 'question' }, say(report), phones)];
}
