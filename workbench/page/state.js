// What the parts of the page share: what is chosen (the buttons show it, the address names it), and
// the news that they tell each other. News in types.d.ts has its names.
import { $, ask, fill, root } from '/workbench/shared/dom.js';

const CHOICES = ['member', 'app', 'identity', 'fault'];
const bus = new EventTarget();

/** @type {Tell} */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** @type {Listen} */
export function listen(name, hear) {
  bus.addEventListener(name, (event) => hear(/** @type {CustomEvent} */ (event).detail));
}

/** @type {() => HTMLElement[]} */
const switches = () => [...document.querySelectorAll('[aria-pressed]')];

/**
 * Which choice a button stands for: its name and its value.
 * @type {(button: HTMLElement | null) => string[]}
 */
export function meaning(button) {
  const name = CHOICES.find((choice) => choice in (button?.dataset ?? {}));
  return name ? [name, button?.dataset[name] ?? ''] : [];
}

/** @type {Chosen} */
export const chosen = Object.fromEntries(
  switches()
    .filter((button) => button.ariaPressed === 'true' && meaning(button).length > 0)
    .map(meaning),
);
const { now } = $('chapters').dataset;
if (now) chosen.chapter = now;

/** The phone looks here: which error is ordered, what is forged. */
export const bench = /** @type {Bench} */ (window.bench);

/** When the page was opened, in seconds: what is older is not news. */
export const opened = Date.now() / 1000;

/** Shows what is chosen on the buttons and in the address. */
export function show() {
  for (const button of switches()) {
    const [name, value] = meaning(button);
    if (name) button.ariaPressed = String(chosen[name] === value);
  }
  const holder = document.querySelector(`[data-member="${chosen.member}"] strong`);
  fill($('who'), holder?.cloneNode(true), ` · ${chosen.identity}`);
  history.replaceState(null, '', `?${new URLSearchParams({ ...chosen, lang: root.lang })}`);
  tell('state');
}

function forgetPhones() {
  for (const key of Object.keys(localStorage))
    if (key.startsWith('phone:')) localStorage.removeItem(key);
}

export async function identify() {
  await ask('PUT', 'emulator/identity', { mode: chosen.identity });
  forgetPhones(); // another id: log in anew
}

/** All is forgotten; the phone stays switched off, so that it can't log in meanwhile. */
export async function resetAll() {
  const old = $('phone');
  const off = /** @type {HTMLElement} */ (old.cloneNode());
  off.removeAttribute('src');
  old.replaceWith(off);
  await ask('POST', 'reset', {});
  forgetPhones();
  chosen.identity = 'open_id';
  delete chosen.fault;
  tell('reset');
}

/** Starts the phone anew, as it is chosen. */
export function startPhone() {
  const old = $('phone');
  const address = new URLSearchParams({ member: chosen.member, app: chosen.app });
  const src = `/workbench/phone/index.html?${address}`;
  old.replaceWith(Object.assign(old.cloneNode(), { src }));
  tell('restart');
}

export const toPhone = () =>
  $(innerWidth > 800 ? 'trace-title' : 'stage').scrollIntoView({ block: 'nearest' });
