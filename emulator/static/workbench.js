// Listens to the phone, asks the server what it did, turns the switches. The address is the deep link.
import { drawContrast } from './contrast.js';
import { $, ask, copyButton, fill, h, say, words } from './dom.js';
import { addStep, clearTrace, endCall, failed, steps } from './trace.js';

const root = document.documentElement,
  switches = [...document.querySelectorAll('[aria-pressed]')];
const meaning = (button) => Object.entries({ ...button?.dataset })[0] ?? []; // member, app, identity or fault, and which one
const chosen = Object.fromEntries(
  switches.filter((button) => button.ariaPressed === 'true').map(meaning),
);
const failure = (name) => words.failures.find((known) => known.name === name);
const bench = (window.bench = { order: {} }); // the phone looks here
const toPhone = () =>
  $(innerWidth > 800 ? 'trace-title' : 'stage').scrollIntoView({ block: 'nearest' });
const now = () => Date.now() / 1000,
  opened = now();
const kept = JSON.parse(sessionStorage.getItem('workbench')) ?? {},
  reloaded = kept.address === location.search;
let told,
  row,
  broken,
  polling = Promise.resolve(),
  since = kept.since ?? 0;

function startPhone() {
  const old = $('phone');
  old.replaceWith(
    Object.assign(old.cloneNode(), {
      src: `/workbench/phone/index.html?${new URLSearchParams(chosen)}`,
    }),
  );
  $('failure').open = false;
  told = row = null;
}
function forgetPhones() {
  for (const key in localStorage) if (key.startsWith('phone:')) localStorage.removeItem(key);
}

addEventListener('message', ({ source, data: { phone } }) => {
  if (source !== $('phone')?.contentWindow || !phone) return;
  const { kind, ...end } = phone,
    { result } = end;
  if (kind !== 'return') return addStep({ at: now(), lane: 'client', ...phone });
  const said = result.response ? JSON.parse(result.response).response : result;
  explain({ ...end, ...endCall(end) });
  if ('nickName' in said) told = said;
  if (failure(chosen.fault)?.bench?.fail && !bench.order.fail) choose(null);
  poll();
});

// One after the other, so that no step comes twice
const poll = () => (polling = polling.then(fetchSteps).catch(() => {}));

async function fetchSteps() {
  const { next, events, members, sessions } = await ask('GET', `events?since=${since}`);
  since = next;
  const forged = Object.entries(bench.forge ?? {}),
    carries = (fields) => forged.some(([name, value]) => fields?.[name] === value);
  for (const step of events) {
    addStep(step);
    if (step.at < opened) continue;
    row = step.answer?.member ?? (step.after ? step.after.at(-1) : row);
    explain(step);
    const leak = step.after?.some(carries);
    if (leak || carries(step.body)) fill($('forge-news'), say(leak ? 'forge-leak' : 'forge-proof'));
  }
  fill($('count-members'), members.length);
  fill($('count-sessions'), sessions);
  drawContrast(told, row);
}

/** Shows the newest failure with its hint and the question for the support; marks it once the same works again. */
function explain(step) {
  const { title, error } = step;
  if (!failed(step) && (title === broken || chosen.app === 'mistakes'))
    $('failure').classList.add('mended');
  if (!error) return;
  const { code, message = '', hint, report } = error,
    known = words.failures.find((failure) => failure.code === code);
  const way = known?.hint ?? hint;
  broken = title;
  fill($('failure-code'), code);
  fill(
    $('failure-body'),
    h('p', {}, say(known ?? message)),
    way && h('p', {}, h('b', {}, say('hint')), ' ', say(way)),
    report &&
      h(
        'h4',
        {},
        say('report'),
        ' ',
        copyButton('copy-report', () => $('question').innerText),
      ),
    report &&
      h(
        'pre',
        { id: 'question' },
        say(report),
        step.api && `${title}: ${step.result.error} ${message}`,
      ),
  );
  $('failure').open = true;
  $('failure').classList.remove('mended');
}

function show() {
  for (const button of switches) {
    const [name, value] = meaning(button);
    if (name) button.ariaPressed = chosen[name] === value;
  }
  history.replaceState(null, '', `?${new URLSearchParams({ ...chosen, lang: root.lang })}`);
}

/** One way of failing, or null for none. */
async function choose(name) {
  const known = failure(name);
  delete chosen.fault;
  if (name && !known?.revoke) chosen.fault = name; // consent is withdrawn once
  bench.order = { ...known?.bench };
  if (name) $('failure').open = false;
  await ask('PUT', 'failure', { name, member: chosen.member });
  fill($('active'), name && [h('code', {}, name), ' ', say(known?.then ?? 'armed')]);
  show();
  if (name) toPhone();
}
async function identify() {
  await ask('PUT', 'emulator/identity', { mode: chosen.identity });
  forgetPhones(); // another id: log in anew
}

document.addEventListener('click', async ({ target }) => {
  const [name, value] = meaning(target.closest('button'));
  if (name === 'fault' && !value) $('phone').focus({ preventScroll: true });
  if (name === 'fault') return choose(value === chosen.fault ? null : value);
  if (!name) return;
  chosen[name] = value;
  if (name === 'identity') await identify();
  startPhone();
  show();
});
$('forge').onsubmit = (event) => {
  event.preventDefault();
  bench.forge = bench.forge
    ? null
    : Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
  $('forge-on').ariaPressed = $('forge-fields').disabled = Boolean(bench.forge);
  fill($('forge-news'), bench.forge && say('forge-armed'));
  if (bench.forge) toPhone();
};
$('clear').onclick = () => {
  clearTrace();
  $('failure').open = false;
  kept.since = since;
};
$('save').onclick = () => {
  const href = URL.createObjectURL(
    new Blob([JSON.stringify(steps, null, 2)], { type: 'application/json' }),
  );
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
  clearTrace();
  forgetPhones();
  location.replace(`?lang=${root.lang}`);
};

// What the phone did outlives a reload.
addEventListener('pagehide', () => {
  const calls = steps.filter(({ n }) => !n);
  sessionStorage.setItem(
    'workbench',
    JSON.stringify({ since: kept.since, calls, told, row, address: location.search }),
  );
});

if (chosen.identity !== $('identity').dataset.now) await identify();
await choose(chosen.fault);
show();
startPhone();
for (const call of kept.calls ?? [])
  addStep(call.outcome === 'working' ? { ...call, outcome: 'cut' } : call);
if (reloaded) ({ told, row } = kept);
poll();
setInterval(() => document.hidden || poll(), 1000);
