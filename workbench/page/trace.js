// The trace: what somebody did, and under it the steps that followed, in three lanes.
import { listen, tell } from './bus.js';
import { $, fill, h, say } from '/workbench/shared/dom.js';
import { drawStep, isMinor, SHAPES } from '/workbench/shared/trace-step.js';
import { drawFrames } from './trace-source.js';
import { arrive, startTools } from './trace-tools.js';

/** The steps in the order of arrival. @type {Step[]} */
const steps = [];
/** What somebody did, when, its steps in their order, its element. @type {Group[]} */
let groups = [];
/** The row and the group of each step. @type {Map<Step, Place>} */
const rows = new Map();
const tabs = new BroadcastChannel('trace');

export function start() {
  listen('step', (step) => {
    addStep(step);
    if (!step.n) tabs.postMessage({ step });
  });
  listen('phone', (end) => {
    const step = endCall(end);
    if (step) tell('changed', step);
    tabs.postMessage({ end });
  });
  listen('reset', () => clear(true));
  $('clear').onclick = () => {
    clear(true);
    tell('cleared');
  };
  SHAPES.frames = drawFrames;
  SHAPES.frames = drawFrames;
  startTools(inOrder);
  tabs.onmessage = ({ data }) => hearTab(data);
  tabs.postMessage({ hello: true });
}

/** Those that the server has not told. */
export const ofPhone = () => steps.filter(({ n }) => !n);

/** The steps as they stand there. */
const inOrder = () => groups.flatMap((group) => group.steps);

/**
 * Another tab tells what its phone does; whoever comes later asks for what was.
 * @type {(news: TabNews) => void}
 */
function hearTab({ hello, before, step, end, cleared }) {
  if (hello) tabs.postMessage({ before: ofPhone() });
  if (before) addEarlier(before);
  if (step) addStep(step);
  if (end) endCall(end);
  if (!cleared) return;
  clear(false);
  tell('cleared');
}

/**
 * Calls of the phone, under which steps of the server that are here already find their place.
 * @type {(calls: Step[]) => void}
 */
function addEarlier(calls) {
  const all = [...ofPhone(), ...calls, ...steps.filter(({ n }) => n)];
  clear(false);
  for (const step of all) addStep(step);
}

/** @type {(inAllTabs: boolean) => void} */
function clear(inAllTabs) {
  steps.length = 0;
  groups = [];
  rows.clear();
  fill($('steps'));
  if (inAllTabs) tabs.postMessage({ cleared: true });
}

/**
 * By time; but what the server did for a call stands right after it, however late it is told.
 * @type {See}
 */
export function addStep(step) {
  const isKnown = !step.n && steps.some((known) => idOf(known) === idOf(step));
  if (isKnown) return;
  const group = groupOf(step);
  const own = group.steps;
  const last = own.findLastIndex(({ trace }) => trace && trace === step.trace);
  const before = own.findLastIndex(({ at }) => at <= step.at);
  const at = 1 + (last < 0 ? before : last);
  const row = h('li', {}, h('details', {}, h('summary'), h('div', { className: 'inside' })));
  Object.assign(row.dataset, { testid: 'trace-step', kind: step.kind });
  group.list.insertBefore(row, rows.get(own[at])?.row ?? null);
  own.splice(at, 0, step);
  steps.push(step);
  rows.set(step, { row, group });
  draw(step);
  arrive(row);
}

/** What tells a step of the phone from every other. @type {(step: Step) => string | number} */
const idOf = ({ n, trace, kind, at }) => n ?? trace ?? `${kind} ${at}`;

/**
 * Completes a returned call's row; gives its step, unless the trace was cleared meanwhile.
 * @type {(end: Return) => Step | undefined}
 */
function endCall({ trace, outcome, result, error }) {
  const step = steps.find((known) => known.kind === 'call' && known.trace === trace);
  if (!step) return undefined;
  Object.assign(step, { outcome, result, error, elapsed_ms: Date.now() - step.at * 1000 });
  draw(step);
  return step;
}

/** @type {See} */
function draw(step) {
  const { row, group } = /** @type {Place} */ (rows.get(step));
  drawStep(row, step);
  const count = group.steps.filter(isMinor).length;
  group.more.hidden = count === 0;
  fill(group.more, `+${count}`);
}

/**
 * The group that a step belongs to; a new one if somebody did something new.
 * @type {(step: Step) => Group}
 */
function groupOf(step) {
  // null for a call of another page
  const trigger = callOf(step)?.trigger ?? step.trigger ?? undefined;
  if (typeof trigger === 'object')
    return groups.find(({ moment }) => moment === trigger.at) ?? addGroup(trigger, step.at);
  const ofPhone = groups.findLast((group) => group.moment);
  if (!trigger && !step.n && ofPhone) return ofPhone;
  return newestGroup(trigger ?? 'trigger-elsewhere', step.at);
}

/**
 * The phone's call that brought a step of the server about.
 * @type {(step: Step) => Step | undefined}
 */
const callOf = ({ trace }) => steps.find((known) => trace && !known.n && known.trace === trace);

/** What happened elsewhere: the newest group, if it is of the same kind. @type {FindGroup} */
function newestGroup(trigger, at) {
  const newest = groups.at(-1);
  return newest?.trigger === trigger ? newest : addGroup(trigger, at);
}

/** @type {FindGroup} */
function addGroup(trigger, at) {
  const more = h('button', { type: 'button', className: 'more', ariaExpanded: 'false' });
  const list = h('ol');
  const element = h('li', { className: 'group' }, h('h3', {}, say(trigger), more), list);
  more.onclick = () => {
    more.ariaExpanded = String(element.classList.toggle('all'));
  };
  const moment = typeof trigger === 'object' ? trigger.at : undefined;
  const group = { trigger, moment, at, element, list, more, steps: [] };
  const place = 1 + groups.findLastIndex((earlier) => earlier.at <= at);
  $('steps').insertBefore(element, groups[place]?.element ?? null);
  groups.splice(place, 0, group);
  return group;
}
