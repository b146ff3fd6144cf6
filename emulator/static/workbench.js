// The page: starts its parts, hears the phone, asks the server what it did. The address is the deep link.
import { listen, tell } from './bus.js';
import * as contrast from './contrast.js';
import { $, ask, fill } from './dom.js';
import * as failure from './failure.js';
import * as laboratory from './laboratory.js';
import * as lie from './lie.js';
import { chosen, forgetPhones, identify, meaning, root, show } from './state.js';
import * as trace from './trace.js';

const now = () => Date.now() / 1000;
const kept = JSON.parse(sessionStorage.getItem('workbench')) ?? {};
const reloaded = kept.address === location.search;
let polling = Promise.resolve();
let since = kept.since ?? 0;

function startPhone() {
  const old = $('phone');
  const src = `/workbench/phone/index.html?${new URLSearchParams(chosen)}`;
  old.replaceWith(Object.assign(old.cloneNode(), { src }));
  tell('restart');
}

addEventListener('message', ({ source, data: { phone } }) => {
  if (source !== $('phone')?.contentWindow || !phone) return;
  if (phone.kind !== 'return') return tell('step', { at: now(), lane: 'client', ...phone });
  tell('phone', phone);
  poll();
});

// One after the other, so that no step comes twice
function poll() {
  polling = polling.then(fetchSteps).catch(() => {});
  return polling;
}

async function fetchSteps() {
  const { next, events, members, sessions } = await ask('GET', `events?since=${since}`);
  since = next;
  for (const step of events) tell('step', step);
  fill($('count-members'), members.length);
  fill($('count-sessions'), sessions);
}

document.addEventListener('click', async ({ target }) => {
  const [name, value] = meaning(target.closest('button'));
  if (!['member', 'app', 'identity'].includes(name)) return;
  chosen[name] = value;
  if (name === 'identity') await identify();
  startPhone();
  show();
});
$('language').onclick = () => {
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
  document.cookie = `lang=${root.lang}; path=/; max-age=31536000; samesite=Lax`;
  show();
};
$('reset').onclick = async () => {
  $('phone').remove(); // it must not log in again while all is forgotten
  await ask('POST', 'reset', {});
  tell('reset');
  forgetPhones();
  location.replace(`?lang=${root.lang}`);
};
listen('cleared', () => {
  kept.since = since;
});

// What the phone did outlives a reload.
addEventListener('pagehide', () => {
  const calls = trace.steps.filter(({ n }) => !n);
  sessionStorage.setItem(
    'workbench',
    JSON.stringify({
      since: kept.since,
      calls,
      ...contrast.shown(),
      address: location.search,
    }),
  );
});

for (const part of [trace, contrast, failure, laboratory, lie]) part.start();
if (chosen.identity !== $('identity').dataset.now) await identify();
await laboratory.choose(chosen.fault);
show();
startPhone();
for (const call of kept.calls ?? [])
  trace.addStep(call.outcome === 'working' ? { ...call, outcome: 'cut' } : call);
if (reloaded) contrast.restore(kept);
poll();
setInterval(() => document.hidden || poll(), 1000);
