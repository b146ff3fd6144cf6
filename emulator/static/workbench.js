// The page: listens to the phone, asks the server what it did, and turns the switches. The address is the deep link.
import { drawContrast } from './contrast.js';
import { $, ask, copyButton, fill, h, say, words } from './dom.js';
import { addStep, clearTrace, endCall, failed, steps } from './trace.js';

const SWITCHES = ['member', 'app', 'identity', 'fault'], root = document.documentElement;
const pressed = name => document.querySelector(`[data-${name}][aria-pressed=true]`)?.dataset[name];
const chosen = Object.fromEntries(SWITCHES.map(name => [name, pressed(name)]));
const failure = () => words.failures.find(({ name }) => name === chosen.fault) ?? {};
const bench = window.bench = { forge: null, fail: null, missing: [] }; // the phone looks here
const toPhone = () => $(innerWidth > 800 ? 'trace-title' : 'phone').scrollIntoView({ block: 'nearest' });
const now = () => Date.now() / 1000, opened = now();
let told, row, polling = Promise.resolve(), since = Number(sessionStorage.getItem('workbench:since'));

function startPhone() {
  const old = $('phone'), { app, member } = chosen;
  old.replaceWith(Object.assign(old.cloneNode(), { src: `/workbench/phone/index.html?${new URLSearchParams({ app, member })}` }));
  $('failure').hidden = true;
  told = row = null;
}
function forgetPhones() {
  for (const key of Object.keys(localStorage)) if (key.startsWith('phone:')) localStorage.removeItem(key);
}

addEventListener('message', ({ source, data: { phone } }) => {
  if (source !== $('phone')?.contentWindow || !phone) return;
  if (phone.kind !== 'return') return addStep({ at: now(), ...phone });
  const { api, ok, result } = phone;
  endCall(phone);
  if (ok && api === 'getAuthUserInfo') told = result;
  if (ok && api === 'getOpenUserInfo') {
    const { response } = JSON.parse(result.response);
    if (response.code === '10000') told = response;
  }
  if (!ok && failure().bench?.fail?.api === api) choose(null);
  explain(phone);
  poll();
});

// One after the other, so that no step comes twice
const poll = () => (polling = polling.then(fetchSteps).catch(() => {}));

async function fetchSteps() {
  const { next, events, members, sessions } = await ask('GET', `events?since=${since}`);
  since = next;
  const forged = Object.entries(bench.forge ?? {}), carries = fields => forged.some(([name, value]) => fields?.[name] === value);
  for (const step of events) {
    addStep(step);
    if (step.at > opened) row = step.answer?.member ?? (step.changed ? step.after.at(-1) : row);
    if (step.at > opened) explain(step);
    if (carries(step.body)) fill($('forge-news'), say(members.some(carries) ? 'forge-leak' : 'forge-proof'));
  }
  fill($('count-members'), members.length);
  fill($('count-sessions'), sessions);
  drawContrast(told, row);
}

/** Show the newest failure with its hint, and the report for Alipay's support. */
function explain(step) {
  const { api, result } = step, known = words.failures.find(({ name }) => name === `${api}-${result?.error}`);
  const error = step.error ?? (api && { code: `my.${api} ${result.error}`, message: result.errorMessage, hint: known });
  if (!failed(step) || !error || result?.status) return; // an answer with an HTTP error: the server's own step says more
  const { code, message = '', hint, report } = error;
  fill($('failure-code'), code);
  fill($('failure-body'), h('p', {}, say(message)), hint && h('p', {}, h('b', {}, say('cause')), ' ', say(hint)),
    report && [h('h4', {}, say('report'), ' ', copyButton('copy-report', () => report[root.lang])), h('pre', {}, say(report))]);
  $('failure').hidden = false;
}

function show() {
  for (const name of SWITCHES)
    for (const button of document.querySelectorAll(`[data-${name}]`)) button.ariaPressed = button.dataset[name] === chosen[name];
  const { member, app, fault } = chosen;
  history.replaceState(null, '', `?${new URLSearchParams({ member, app, ...fault && { fault }, lang: root.lang })}`);
}

/** One way of failing, or null for none. */
async function choose(name) {
  chosen.fault = name;
  const { bench: orders, product = true, act } = failure();
  Object.assign(bench, { fail: null, missing: [] }, orders);
  if (name) $('failure').hidden = true;
  await ask('PUT', 'emulator/product', { bound: product });
  await ask('PUT', 'emulator/fault', { name: failure().name ? null : name });
  if (act === 'revoke') await ask('POST', 'emulator/revoke', { member: chosen.member });
  if (act === 'double-tap') {
    const button = $('phone').contentDocument.querySelector('dialog[open] .main, page:last-child button:not([disabled])');
    button?.click();
    button?.click();
  }
  if (act) chosen.fault = null;
  fill($('active'), name && [h('code', {}, name), ' ', say(act ? 'done' : orders?.fail ? 'armed-once' : 'armed')]);
  show();
  if (name) toPhone();
}

document.addEventListener('click', async ({ target }) => {
  const { dataset = {} } = target.closest('button') ?? {}, name = SWITCHES.find(known => known in dataset), value = dataset[name];
  if (name === 'fault') return choose(value === chosen.fault ? null : value);
  if (!name) return;
  chosen[name] = value;
  if (name === 'identity') {
    await ask('PUT', 'emulator/identity', { mode: value });
    forgetPhones(); // another id: log in anew
  }
  startPhone();
  show();
});
$('mend').onclick = () => choose(null);
$('forge').onsubmit = event => {
  event.preventDefault();
  bench.forge = bench.forge ? null : Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
  $('forge-on').ariaPressed = Boolean(bench.forge);
  fill($('forge-news'), bench.forge && say('forge-armed'));
  if (bench.forge) toPhone();
};
$('failure-close').onclick = () => { $('failure').hidden = true; };
$('clear').onclick = () => {
  clearTrace();
  sessionStorage.setItem('workbench:since', since);
};
$('save').onclick = () => {
  const href = URL.createObjectURL(new Blob([JSON.stringify(steps, null, 2)], { type: 'application/json' }));
  h('a', { href, download: 'trace.json' }).click();
};
$('language').onclick = () => {
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
  document.cookie = `lang=${root.lang}; path=/; max-age=31536000; samesite=Lax`;
  show();
};
$('reset').onclick = async () => {
  $('phone').remove(); // it must not log in again while all is forgotten
  await ask('POST', 'reset', {});
  forgetPhones();
  location.replace(`?lang=${root.lang}`);
};

if (chosen.fault) await choose(chosen.fault);
show();
startPhone();
poll();
setInterval(() => document.hidden || poll(), 1000);
