// The laboratory: what can be broken, what is expected of it, and whether that was seen.
import { listen, tell } from './bus.js';
import { $, ask, closest, fill, h, say, words } from '/workbench/shared/dom.js';
import { expectation } from './expectation.js';
import { prepare, tapOn } from './robot.js';
import { bench, chosen, meaning, show, startPhone, toPhone } from './state.js';

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
  const isTold = armed?.phone?.fail && !bench.order.fail && expected.begun;
  if (isTold && chosen.fault) {
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
