// The trace: what was done, and under it the steps that followed, in three lanes; its tools; and
// the source behind a step. A step itself is drawn by trace-step.js, as on the emulator's page.
import { $, ask, fill, h, root, say } from '/workbench/shared/dom.js';
import { drawStep, isMinor, SHAPES } from '/workbench/shared/trace-step.js';
import { listen, tell } from './state.js';

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
  startTools();
  tabs.onmessage = ({ data }) => hearTab(data);
  tabs.postMessage({ hello: true });
}

/** Those of the phone: the server knows nothing of them. */
export const ofPhone = () => steps.filter(({ n }) => !n);

/** The steps as they stand there. */
const inOrder = () => groups.flatMap((group) => group.steps);

/**
 * Another tab says what its phone does; whoever comes later asks for what was.
 * @type {(news: TabNews) => void}
 */
function hearTab({ hello, before, step, end, cleared }) {
  if (hello) tabs.postMessage({ before: ofPhone() });
  if (before) addEarlier(before);
  if (step) addFromTab(step);
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

/**
 * A call of another tab's phone; steps of the server that came before it find their place under it.
 * @type {See}
 */
function addFromTab(step) {
  const isLate = steps.some(({ n, trace }) => n && trace && trace === step.trace);
  if (isLate) addEarlier([step]);
  else addStep(step);
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
 * By time; but what the server did for a call stands right after it, however late it arrives.
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

// ── its tools: pause, go on step by step, enlarge, save; it follows its end ──

const scroll = $('scroll');
/** How much may stay empty below the newest row, in pixels. */
const ROOM = 100;
let isPaused = false;
let follows = true; // the newest step, until somebody scrolls up

function startTools() {
  scroll.onscroll = () => {
    follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  };
  new ResizeObserver(keepUp).observe(scroll);
  $('pause').onclick = () => pause(!isPaused);
  $('next').onclick = next;
  $('save').onclick = () => save(inOrder());
  $('projector').onclick = () => enlarge(!root.classList.contains('projector'));
  enlarge(sessionStorage.getItem('projector') === 'true');
  pause(false);
}

/** A new row is shown, or waits for its turn. @type {(row: HTMLElement) => void} */
function arrive(row) {
  if (isPaused) row.classList.add('waiting');
  else announce(row);
  count();
}

/** @type {(row: HTMLElement) => void} */
function announce(row) {
  const shown = row.querySelectorAll('summary > code, summary > .chip');
  fill($('news'), ...[...shown].flatMap((part) => [part.textContent, ' ']));
  keepUp();
}

/** Shows the newest row. A row that the headings would cut goes on under them. */
function keepUp() {
  if (!follows) return;
  $('steps').style.paddingBottom = '0';
  scroll.scrollTop = scroll.scrollHeight;
  const { left, bottom, width } = $('lanes').getBoundingClientRect();
  const topmost = document.elementFromPoint(left + width / 2, bottom + 1);
  const cut = topmost?.closest('#steps h3, #steps [data-kind]')?.getBoundingClientRect();
  if (!cut || cut.top >= bottom || cut.bottom - bottom > ROOM) return;
  $('steps').style.paddingBottom = `${cut.bottom - bottom}px`;
  scroll.scrollTop = scroll.scrollHeight;
}

/** Those that wait, in the order in which they are shown. @type {() => HTMLElement[]} */
const waiting = () => [...$('steps').querySelectorAll('.waiting')];

function count() {
  const left = waiting().filter((row) => !row.classList.contains('minor')).length;
  fill($('waiting'), left);
  $('next').disabled = left === 0;
}

/** @type {Turn} */
function pause(on) {
  isPaused = on;
  $('pause').ariaPressed = String(on);
  $('next').hidden = !on;
  if (!on) for (const row of waiting()) row.classList.remove('waiting');
  unmark();
  count();
  keepUp();
}

function unmark() {
  $('steps').querySelector('.current')?.classList.remove('current');
}

/** Shows the next step, and the small ones before it. */
function next() {
  unmark();
  for (const row of waiting()) {
    row.classList.remove('waiting');
    if (row.classList.contains('minor')) continue;
    row.classList.add('current');
    announce(row);
    row.scrollIntoView({ block: 'nearest' });
    break;
  }
  count();
}

/** The projector mode: large type, and room for it. @type {Turn} */
function enlarge(on) {
  root.classList.toggle('projector', on);
  $('projector').ariaPressed = String(on);
  sessionStorage.setItem('projector', String(on));
}

/** @type {(steps: Step[]) => void} */
function save(steps) {
  const file = new Blob([JSON.stringify(steps, null, 2)], { type: 'application/json' });
  h('a', { href: URL.createObjectURL(file), download: 'trace.json' }).click();
}

// ── the source behind a step: the functions on the stack, innermost first ──

/**
 * Each frame opens to its function's lines, which are fetched then; the first is open.
 * @type {(frames: Frame[]) => HTMLElement}
 */
function drawFrames(frames) {
  const drawn = frames.map((frame, index) => {
    const title = h('code', {}, titleOf(frame, frame.function));
    const lines = h('pre', { tabIndex: 0 });
    const details = h('details', { className: 'frame' }, h('summary', {}, title), lines);
    details.ontoggle = () => details.open && showLines(lines, frame, title);
    details.open = index === 0;
    return details;
  });
  return h('div', {}, drawn);
}

/** @type {(frame: Frame, name: string) => string} */
const titleOf = ({ file, at }, name) => `${file}:${at}${name && ` · ${name}()`}`;

/**
 * The lines with their numbers; the one that was under way is marked.
 * @type {(element: HTMLElement, frame: Frame, title: HTMLElement) => Promise<void>}
 */
async function showLines(element, frame, title) {
  if (element.firstChild) return;
  const { file, at } = frame;
  const { function: name, first, lines } = await ask('GET', `source/${file}?line=${at}`);
  fill(title, titleOf(frame, frame.function || name));
  const drawn = lines.map((/** @type {string} */ line, /** @type {number} */ index) => {
    const number = first + index;
    const isAt = number === at;
    const properties = { className: isAt ? 'line at' : 'line', ariaCurrent: isAt ? 'true' : null };
    return h('span', properties, h('i', {}, number), line || ' ');
  });
  fill(element, drawn);
  const marked = element.querySelector('.at');
  if (marked) element.scrollTop = marked.offsetTop - 60;
}
