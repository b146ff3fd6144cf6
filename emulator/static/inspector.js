// The emulator's own page: the calls that reached the gateway, the newest first. Each call opens
// on its point, and can be sent again.
import { $, ask, fill, h, say } from './dom.js';
import { showSwitches, startTools } from './inspector-tools.js';
import { drawStep, SHAPES } from './trace-step.js';

const SECOND = 1000;
const root = document.documentElement;
/** The rows by their calls' numbers. @type {Map<number, HTMLElement>} */
const rows = new Map();
/** The row that the page opened by itself, as the newest. @type {HTMLElement | null} */
let opened = null;
let since = 0;
let run = ''; // the emulator's run that the page belongs to
let polling = Promise.resolve();

/** Polls one at a time, so that no call is added twice. */
function poll() {
  polling = polling.then(fetchCalls).catch(showStopped);
  return polling;
}

async function fetchCalls() {
  const news = await ask('GET', `calls?since=${since}`);
  if (run && run !== news.run) {
    location.reload(); // the emulator was restarted: its keys are new
    return;
  }
  run = news.run;
  $('down').hidden = true;
  showSwitches(news.on);
  for (const call of news.calls) add(call);
  forget(news.oldest ?? Infinity);
  if (news.calls.length > 0) openNewest();
}

function showStopped() {
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
  const parts = row.querySelectorAll('summary > code, summary > .chip');
  fill($('news'), ...[...parts].flatMap((part) => [part.textContent, ' ']));
}

/** Removes the rows of calls that the emulator no longer keeps. */
function forget(/** @type {number} */ oldest) {
  for (const [number, row] of rows) {
    if (number >= oldest) continue;
    row.remove();
    rows.delete(number);
  }
}

/** Opens the newest call, unless the user has opened another one. */
function openNewest() {
  const before = detailsOf(opened);
  const isRead = $('steps').querySelector('details[open]');
  if (isRead && isRead !== before) return;
  if (before) before.open = false;
  opened = rows.get(since) ?? null;
  const newest = detailsOf(opened);
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

/** A string to sign, with a mark where the other one differs. @type {DrawPart} */
function text({ before, differs, after }) {
  if (!before && !differs && !after) return h('pre', {}, say('nothing'));
  return h('pre', {}, before, differs && h('mark', { className: 'bad' }, differs), after);
}

/** @type {DrawPart} */
function again(number) {
  const button = h('button', { type: 'button' }, say('again'));
  const status = h('span', { role: 'status' });
  button.onclick = async () => {
    const { error } = await ask('POST', `calls/${number}/again`, {});
    fill(status, ' ', say(error ?? 'sent-again'));
    poll();
  };
  return h('p', {}, button, status);
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
startTools();
poll();
setInterval(() => document.hidden || poll(), SECOND);
