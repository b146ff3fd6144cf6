// The laboratory: the ways of failing.
import { listen, tell } from './bus.js';
import { $, ask, fill, h, say, words } from './dom.js';
import { bench, chosen, meaning, show, toPhone } from './state.js';

const failure = (name) => words.failures.find((known) => known.name === name);

export function start() {
  listen('changed', () => {
    // A failure of the phone is spent.
    if (failure(chosen.fault)?.bench?.fail && !bench.order.fail) choose(null);
  });
  document.addEventListener('click', ({ target }) => {
    const [name, value] = meaning(target.closest('button'));
    if (name !== 'fault') return;
    if (!value) $('phone').focus({ preventScroll: true });
    choose(value === chosen.fault ? null : value);
  });
}

/** One way of failing, or null for none. */
export async function choose(name) {
  const known = failure(name);
  delete chosen.fault;
  if (name && !known?.revoke) chosen.fault = name; // consent is withdrawn once
  bench.order = { ...known?.bench };
  if (name) tell('fault');
  await ask('PUT', 'failure', { name, member: chosen.member });
  fill($('active'), name && [h('code', {}, name), ' ', say(known?.then ?? 'armed')]);
  show();
  if (name) toPhone();
}
