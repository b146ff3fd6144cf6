// The page: listens to the phone, asks the server what it did, and turns the switches. The address is the deep link.
import { drawContrast } from './contrast.js';
import { $, ask, copyButton, h, say, words } from './dom.js';
import { addStep, allSteps, clearTrace, endCall, failed } from './trace.js';

const root = document.documentElement;
const pressed = name => document.querySelector(`[data-${name}][aria-pressed=true]`)?.dataset[name];
const state = { member: pressed('member'), app: pressed('app'), identity: pressed('identity'), fault: pressed('fault'),
  forge: null, told: null, who: null, since: Number(sessionStorage.getItem('workbench:since')) };
const failure = () => words.failures.find(({ name }) => name === state.fault);
const phone = bench => $('phone').contentWindow.postMessage({ bench }, location.origin);

// ── the phone ──

/** Start the phone anew, in the chosen member's hands; `forget` also empties what its mini-programs stored. */
function startPhone(forget) {
  const old = $('phone'), place = old.parentNode, { app, member } = state;
  old.remove(); // at once, so that nothing of it is stored or reported any more
  $('failure').hidden = true;
  state.told = state.who = null;
  if (forget)
    Object.keys(localStorage).filter(key => key.startsWith('phone:')).forEach(key => localStorage.removeItem(key));
  place.append(Object.assign(old.cloneNode(), { src: `/workbench/phone/index.html?${new URLSearchParams({ app, member })}` }));
}

const calls = new Set(); // of the phone, under way
let settled; // a timer: the phone has been quiet for a moment
const now = () => Date.now() / 1000;
const opened = now();

const heard = {
  ready() {
    calls.clear();
    phone({ forge: state.forge });
    if (failure()?.bench?.missing) phone(failure().bench);
  },
  call({ id, api, args, where }) {
    calls.add(id);
    addStep({ kind: 'call', at: now(), trace: id, api, args, where });
  },
  return(event) {
    const { id, api, ok, result } = event;
    calls.delete(id);
    const step = endCall(event);
    if (ok && api === 'getAuthUserInfo') state.told = result;
    if (ok && api === 'getOpenUserInfo') {
      const { response } = JSON.parse(result.response);
      if (response.code === '10000') state.told = response;
    }
    if (!ok && failure()?.bench?.fail?.api === api) choose(null);
    if (step) explain(step);
    poll();
  },
  screen: ({ page }) => addStep({ kind: 'screen', at: now(), page }),
  refused: event => addStep({ kind: 'refused', at: now(), ...event }),
};

addEventListener('message', ({ origin, source, data }) => {
  if (origin !== location.origin || source !== $('phone').contentWindow || !data.phone) return;
  heard[data.phone.type]?.(data.phone);
  clearTimeout(settled);
  // A failure that the address asks for waits until the start is over, so that the silent login does not use it up.
  if (!calls.size) settled = setTimeout(() => { if (failure()?.bench?.fail) phone(failure().bench); }, 400);
});

// ── what the server did ──

let polling; // one poll after the other, so that no step comes twice

const poll = () => (polling = Promise.resolve(polling).then(fetchSteps).catch(() => {})); // the server may be restarting

async function fetchSteps() {
  const { next, events, members, sessions } = await ask('GET', `events?since=${state.since}`);
  state.since = next;
  for (const step of events) {
    addStep(step);
    state.who = step.answer?.member ?? step.after?.at(-1) ?? state.who;
    if (step.at > opened) explain(step);
    if (state.forge && step.kind === 'request') prove(step.body, members);
  }
  $('count-members').textContent = members.length;
  $('count-sessions').textContent = sessions;
  const same = (row, name) => row[name] && row[name] === state.who?.[name];
  drawContrast(state.told, members.find(row => same(row, 'app_id') && (same(row, 'open_id') || same(row, 'user_id'))));
}

/** After a request that carried forged fields: is one of them in the database? */
function prove(body, members) {
  const carried = Object.entries(state.forge).filter(([name, value]) => body?.[name] === value);
  const leaked = members.some(row => carried.some(([name, value]) => row[name] === value));
  if (carried.length) $('forge-news').replaceChildren(...say(leaked ? 'forge-leak' : 'forge-proof'));
}

/** Show the newest failure with its hint, and the report where Alipay's support would ask for one. */
function explain(step) {
  if (!failed(step) || step.result?.status) return; // an answer with an HTTP error: the server's own step says more
  const name = `${step.api}-${step.result?.error}`;
  const { code, message, hint, report } = step.error ?? step.answer?.error
    ?? { code: `my.${name.replace('-', ' ')}`, message: step.result?.errorMessage, hint: words.failures.find(known => known.name === name) };
  const both = text => (typeof text === 'string' ? { zh: text, en: text } : text);
  $('failure-code').textContent = code;
  $('failure-body').replaceChildren(h('p', {}, message ?? ''), hint ? h('p', {}, h('b', {}, say('cause')), ' ', say(both(hint))) : '');
  if (report) $('failure-body').append(
    h('h4', {}, say('report'), ' ', copyButton('copy-report', () => both(report)[root.lang])), h('pre', {}, say(both(report))));
  $('failure').hidden = false;
}

// ── the switches ──

/** Mark what is chosen, and put it into the address. */
function show() {
  for (const name of ['member', 'app', 'fault', 'identity'])
    for (const button of document.querySelectorAll(`[data-${name}]`)) button.ariaPressed = button.dataset[name] === state[name];
  const { member, app, fault } = state;
  history.replaceState(null, '', `?${new URLSearchParams({ member, app, ...fault && { fault }, lang: root.lang })}`);
  $('mend').hidden = !fault;
}

/** Turn one way of failing on, or with null all of them off. */
async function choose(name) {
  const before = failure();
  state.fault = name;
  if (name) $('failure').hidden = true;
  const { bench, product, act } = failure() ?? {};
  phone({ fail: null });
  phone({ missing: [] });
  if (bench) phone(bench);
  if (product === false || before?.product === false) await ask('PUT', 'emulator/product', { bound: product ?? true });
  await ask('PUT', 'emulator/fault', { name: failure() ? null : name, times: null });
  if (act === 'revoke') await ask('POST', 'emulator/revoke', { member: state.member });
  if (act === 'double-tap') {
    const button = $('phone').contentDocument.querySelector('dialog[open] .main, page:last-child button:not([disabled])');
    button?.click();
    button?.click();
  }
  if (act) state.fault = null;
  $('active').replaceChildren(...name ? [h('code', {}, name), ' ', ...say(act ? 'done' : bench?.fail ? 'armed-once' : 'armed')] : []);
  show();
  if (!name) return;
  document.querySelector('[data-fault][aria-pressed=true]')?.closest('details').setAttribute('open', '');
  $('phone').scrollIntoView({ block: 'nearest' });
}

function forge(fields) {
  state.forge = fields;
  phone({ forge: fields });
  $('forge-on').ariaPressed = Boolean(fields);
  $('forge-news').replaceChildren(...fields ? say('forge-armed') : []);
  if (fields) $('phone').scrollIntoView({ block: 'nearest' });
}

document.addEventListener('click', async ({ target }) => {
  const { member, app, fault, identity } = target.closest('button')?.dataset ?? {};
  if (fault) return choose(fault === state.fault ? null : fault);
  if (!member && !app && !identity) return;
  Object.assign(state, member && { member }, app && { app }, identity && { identity });
  if (identity) await ask('PUT', 'emulator/identity', { mode: identity });
  startPhone(identity); // another id: log in anew
  show();
});

$('mend').onclick = () => choose(null);
$('forge').onsubmit = event => {
  event.preventDefault();
  forge(state.forge ? null : Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value)));
};
$('failure-close').onclick = () => { $('failure').hidden = true; };
$('clear').onclick = () => {
  clearTrace();
  sessionStorage.setItem('workbench:since', state.since);
};
$('save').onclick = () => {
  const href = URL.createObjectURL(new Blob([JSON.stringify(allSteps(), null, 2)], { type: 'application/json' }));
  h('a', { href, download: 'trace.json' }).click();
};
$('language').onclick = () => {
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
  localStorage.setItem('workbench:lang', root.lang);
  show();
};
$('reset').onclick = async () => {
  $('phone').src = 'about:blank'; // it must not log in again while all is forgotten
  await ask('POST', 'reset', {});
  startPhone(true);
  location.replace(`?lang=${root.lang}`);
};

drawContrast();
if (state.fault) await choose(state.fault);
show();
startPhone();
poll();
setInterval(() => document.hidden || poll(), 1000);
