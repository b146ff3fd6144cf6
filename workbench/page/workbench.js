// The page: starts its parts, hears the phone, asks the server what it did. The address is the
// deep link.
import * as chapters from './chapters.js';
import * as contrast from './contrast.js';
import { $, ask, closest, fill, root } from '/workbench/shared/dom.js';
import * as faults from './faults.js';
import * as forge from './forge.js';
import * as hand from './hand.js';
import {
  bench,
  chosen,
  identify,
  listen,
  meaning,
  resetAll,
  show,
  startPhone,
  tell,
} from './state.js';
import * as trace from './trace.js';

const SECOND = 1000;
const PARTS = [trace, contrast, faults, forge, hand, chapters];
const kept = JSON.parse(sessionStorage.getItem('workbench') ?? '{}');
const isReloaded = kept.address === location.search;
let polling = Promise.resolve();
let since = kept.since ?? 0;

/** @type {(message: MessageEvent) => void} */
function hear({ source, data }) {
  const phone = data?.phone;
  if (!phone || source !== $('phone').contentWindow) return;
  if (phone.kind !== 'return') {
    tell('step', { at: Date.now() / SECOND, lane: 'client', ...phone });
    return;
  }
  tell('phone', phone);
  poll();
}

/** One after the other, so that no step comes twice. */
function poll() {
  polling = polling.then(fetchSteps).catch(() => {});
  return polling;
}

async function fetchSteps() {
  const asked = performance.now();
  const { next, steps, on, counts } = await ask('GET', `events?since=${since}`);
  since = next;
  for (const step of steps) tell('step', step);
  tell('on', { ...on, asked });
  fill($('count-members'), counts.members);
  fill($('count-sessions'), counts.sessions);
}

/** @type {(event: Event) => Promise<void>} */
async function chooseOther(event) {
  const [name, value] = meaning(closest(event, 'button'));
  if (!['member', 'app', 'identity'].includes(name)) return;
  chosen[name] = value;
  if (name !== 'app') {
    $('people').open = false;
    $('people').querySelector('summary')?.focus();
  }
  if (name === 'identity') await identify();
  startPhone();
  show();
}

function switchLanguage() {
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
  document.cookie = `lang=${root.lang}; path=/; max-age=31536000; samesite=Lax`;
  show();
}

async function reset() {
  await resetAll();
  chapters.forget();
  location.replace(`?lang=${root.lang}`);
}

/** What the phone did outlives a reload. */
function keep() {
  const shown = { calls: trace.ofPhone(), contrast: contrast.now };
  const all = { ...shown, since: kept.since, address: location.search };
  sessionStorage.setItem('workbench', JSON.stringify(all));
}

/** What the phone says comes here from now on; what it has reported already, first. */
function listenToPhone() {
  const { heard = [] } = bench;
  delete bench.heard;
  heard.forEach(hear);
  addEventListener('message', hear);
}

async function start() {
  for (const part of PARTS) part.start();
  document.addEventListener('click', chooseOther);
  $('language').onclick = switchLanguage;
  $('reset').onclick = reset;
  listen('cleared', () => {
    kept.since = since;
  });
  addEventListener('pagehide', keep);
  const isIdentified = chosen.identity === $('identity').dataset.now;
  if (!isIdentified) await identify();
  await faults.ready();
  show();
  if (!$('phone').hasAttribute('src')) startPhone();
  for (const call of kept.calls ?? [])
    trace.addStep(call.outcome === 'working' ? { ...call, outcome: 'cut' } : call);
  if (isReloaded && kept.contrast) contrast.draw(kept.contrast);
  listenToPhone();
  poll();
  setInterval(() => document.hidden || poll(), SECOND);
}

start();
