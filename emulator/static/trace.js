// The trace: what somebody did, and under it the steps that followed, in three lanes.
import { listen, tell } from './bus.js';
import { $, fill, h, say } from './dom.js';
import { drawStep, isMinor } from './trace-step.js';
import { arrive, startTools } from './trace-tools.js';

/** The steps in the order of arrival. @type {any[]} */
export const steps = [];
/** What somebody did, when, its steps in their order, its element. @type {any[]} */
let groups = [];
/** The row and the group of each step. @type {Map<any, {row: HTMLElement, group: any}>} */
const rows = new Map();
const tabs = new BroadcastChannel('trace');

export function start() {
  listen('step', (step) => {
    addStep(step);
    if (!step.n) tabs.postMessage({ step });
  });
  listen('phone', (end) => {
    tell('changed', { ...end, ...endCall(end) });
    tabs.postMessage({ end });
  });
  listen('reset', () => clear(true));
  $('clear').onclick = () => {
    clear(true);
    tell('cleared');
  };
  startTools(inOrder);
  tabs.onmessage = ({ data }) => hearTab(data);
  tabs.postMessage({ hello: true });
}

/** The steps as they stand there. */
const inOrder = () => groups.flatMap((group) => group.steps);

/** Another tab tells what its phone does; whoever comes later asks for what was. */
function hearTab(/** @type {any} */ { hello, before, step, end, cleared }) {
  if (hello) tabs.postMessage({ before: steps.filter(({ n }) => !n) });
  if (before) addEarlier(before);
  if (step) addStep(step);
  if (end) endCall(end);
  if (!cleared) return;
  clear(false);
  tell('cleared');
}

/** Calls of the phone, under which steps of the server that are here already find their place. */
function addEarlier(/** @type {any[]} */ calls) {
  const ofServer = steps.filter(({ n }) => n);
  const all = [...steps.filter(({ n }) => !n), ...calls, ...ofServer];
  clear(false);
  for (const step of all) addStep(step);
}

function clear(/** @type {boolean} */ inAllTabs) {
  steps.length = 0;
  groups = [];
  rows.clear();
  fill($('steps'));
  if (inAllTabs) tabs.postMessage({ cleared: true });
}

/** By time; but what the server did for a call stands right after it, however late it is told. */
export function addStep(/** @type {any} */ step) {
  const isKnown = !step.n && steps.some((known) => idOf(known) === idOf(step));
  if (isKnown) return;
  const group = groupOf(step);
  const own = group.steps;
  const last = own.findLastIndex((/** @type {any} */ { trace }) => trace && trace === step.trace);
  const before = own.findLastIndex((/** @type {any} */ { at }) => at <= step.at);
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

/** What tells a step of the phone from every other. */
const idOf = (/** @type {any} */ { n, trace, kind, at }) => n ?? trace ?? `${kind} ${at}`;

/** Completes a returned call's row; gives its step, unless the trace was cleared meanwhile. */
function endCall(/** @type {any} */ { trace, outcome, result, error }) {
  const step = steps.find((known) => known.kind === 'call' && known.trace === trace);
  if (!step) return undefined;
  Object.assign(step, { outcome, result, error, elapsed_ms: Date.now() - step.at * 1000 });
  draw(step);
  return step;
}

function draw(/** @type {any} */ step) {
  const { row, group } = /** @type {any} */ (rows.get(step));
  drawStep(row, step);
  const count = group.steps.filter(isMinor).length;
  group.more.hidden = count === 0;
  fill(group.more, `+${count}`);
}

/** The group that a step belongs to; a new one if somebody did something new. */
function groupOf(/** @type {any} */ step) {
  const did = callOf(step)?.did ?? step.did;
  if (did?.zh) return groupOfDeed(did, step.at);
  const ofPhone = groups.findLast((group) => group.moment);
  if (!did && !step.n && ofPhone) return ofPhone;
  return newestGroup(did ?? 'did-elsewhere', step.at);
}

/** The phone's call that brought a step of the server about. */
const callOf = (/** @type {any} */ { trace }) =>
  trace && steps.find((known) => !known.n && known.trace === trace);

/** What the person did in the phone, at its moment. */
const groupOfDeed = (/** @type {any} */ did, /** @type {number} */ at) =>
  groups.find(({ moment }) => moment === did.at) ?? addGroup(did, at);

/** What happened elsewhere: the newest group, if it is of the same kind. */
function newestGroup(/** @type {any} */ did, /** @type {number} */ at) {
  const newest = groups.at(-1);
  return newest?.did === did ? newest : addGroup(did, at);
}

function addGroup(/** @type {any} */ did, /** @type {number} */ at) {
  const more = h('button', { type: 'button', className: 'more', ariaExpanded: 'false' });
  const list = h('ol');
  const element = h('li', { className: 'group' }, h('h3', {}, say(did), more), list);
  more.onclick = () => {
    more.ariaExpanded = String(element.classList.toggle('all'));
  };
  const moment = did.zh && did.at;
  const group = { did, moment, at, element, list, more, steps: [] };
  const place = 1 + groups.findLastIndex((earlier) => earlier.at <= at);
  $('steps').insertBefore(element, groups[place]?.element ?? null);
  groups.splice(place, 0, group);
  return group;
}

export { failed } from './trace-step.js';
