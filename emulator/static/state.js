// What is chosen: member, app, identity, fault. The buttons show it, the address names it.
import { tell } from './bus.js';
import { $, ask } from './dom.js';

export const root = document.documentElement;
const switches = [...document.querySelectorAll('[aria-pressed]')];

/** Which choice a button stands for: its name (member, app, identity or fault) and its value. */
export const meaning = (button) => Object.entries({ ...button?.dataset })[0] ?? [];

export const chosen = Object.fromEntries(
  switches.filter((button) => button.ariaPressed === 'true').map(meaning),
);

/** The phone looks here: which failure is ordered, which lie is told. */
export const bench = { order: {} };
window.bench = bench;

/** When the page was opened, in seconds: what is older is not news. */
export const opened = Date.now() / 1000;

/** Shows what is chosen on the buttons and in the address. */
export function show() {
  for (const button of switches) {
    const [name, value] = meaning(button);
    if (name) button.ariaPressed = chosen[name] === value;
  }
  history.replaceState(null, '', `?${new URLSearchParams({ ...chosen, lang: root.lang })}`);
  tell('state', { ...chosen, lie: bench.forge, lang: root.lang });
}

export function forgetPhones() {
  for (const key in localStorage) if (key.startsWith('phone:')) localStorage.removeItem(key);
}

export async function identify() {
  await ask('PUT', 'emulator/identity', { mode: chosen.identity });
  forgetPhones(); // another id: log in anew
}

export const toPhone = () =>
  $(innerWidth > 800 ? 'trace-title' : 'stage').scrollIntoView({ block: 'nearest' });
