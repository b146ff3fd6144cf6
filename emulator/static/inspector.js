// The emulator's own page: what reached the gateway, the newest first. Each call opens on its
// point, and can be sent once more.
import { $, ask, fill, h, say } from './dom.js';
import { showSwitches, startDesk } from './inspector-desk.js';
import { drawStep, SHAPES } from './trace-step.js';

const SECOND = 1000;
const root = document.documentElement;
/** The rows by their calls' numbers. @type {Map<number, HTMLElement>} */
const rows = new Map();
/** The row that was opened because it is the newest. @type {HTMLElement | null} */
let unasked = null;
let since = 0;
let run = ''; // which emulator the page belongs to
let polling = Promise.resolve();

/** One after the other, so that no call comes twice. */
function poll() {
  polling = polling.then(fetchCalls).catch(sayStopped);
  return polling;
}

async function fetchCalls() {
  const told = await ask('GET', `calls?since=${since}`);
  if (run && run !== told.run) {
    location.reload(); // started again: its keys are new
    return;
  }
  run = told.run;
  $('down').hidden = true;
  showSwitches(told.on);
  for (const call of told.calls) add(call);
  forget(told.oldest ?? Infinity);
  if (told.calls.length > 0) openNewest();
}

function sayStopped() {
  $('down').hidden = false;
  fill($('down'), say('stopped'));
}

/** @type {See} */
function add(call) {
  const row = h('li', {}, h('details', {}, h('summary'), h('div', { className: 'inside' })));
  Object.assign(row.dataset, { testid: 'trace-step', kind: call.kind });
  drawStep(row, call);
  $('steps').prepend(row);
  since = Number(call.n);
  rows.set(since, row);
  const said = row.querySelectorAll('summary > code, summary > .chip');
  fill($('news'), ...[...said].flatMap((part) => [part.textContent, ' ']));
}

/** The rows of calls that the emulator does not keep any more. */
function forget(/** @type {number} */ oldest) {
  for (const [number, row] of rows) {
    if (number >= oldest) continue;
    row.remove();
    rows.delete(number);
  }
}

/** The newest call is open, unless somebody reads another one. */
function openNewest() {
  const before = detailsOf(unasked);
  const isRead = $('steps').querySelector('details[open]');
  if (isRead && isRead !== before) return;
  if (before) before.open = false;
  unasked = rows.get(since) ?? null;
  const newest = detailsOf(unasked);
  if (newest) newest.open = true;
}

const detailsOf = (/** @type {HTMLElement | null} */ row) =>
  /** @type {HTMLDetailsElement | null} */ (row?.firstChild ?? null);

/** Sentences, one below the other. @type {DrawPart} */
const sentences = (/** @type {Both[]} */ all) =>
  h(
    'ul',
    {},
    all.map((one) => h('li', {}, say(one))),
  );

/** A string to sign; where the other one differs is marked. @type {DrawPart} */
function text({ before, differs, after }) {
  if (!before && !differs && !after) return h('pre', {}, say('nothing'));
  return h('pre', {}, before, differs && h('mark', { className: 'bad' }, differs), after);
}

/** @type {DrawPart} */
function again(number) {
  const button = h('button', { type: 'button' }, say('again'));
  const told = h('span', { role: 'status' });
  button.onclick = async () => {
    const { error } = await ask('POST', `calls/${number}/again`, {});
    fill(told, ' ', say(error ?? 'sent-again'));
    poll();
  };
  return h('p', {}, button, told);
}

async function clear() {
  await ask('DELETE', 'calls');
  forget(Infinity);
}

function switchLanguage() {
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
  document.cookie = `lang=${root.lang}; path=/; max-age=31536000; samesite=Lax`;
}

Object.assign(SHAPES, { causes: sentences, notes: sentences, again });
Object.assign(SHAPES, { text_of_client: text, text_of_gateway: text });
$('language').onclick = switchLanguage;
$('clear').onclick = clear;
startDesk();
poll();
setInterval(() => document.hidden || poll(), SECOND);
