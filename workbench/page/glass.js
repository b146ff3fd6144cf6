// What the page does to the phone's screen from outside: English beside its buttons, and a frame
// around the one to tap next.
import { listen } from './bus.js';
import { $, root, words } from '/workbench/shared/dom.js';

/** @type {string[]} */
let wanted = [];
let isAsking = false;
const watcher = new MutationObserver(look);

export function start() {
  listen('restart', watch);
  listen('state', look);
  watch();
}

function watch() {
  const phone = $('phone');
  phone.addEventListener('load', begin);
  if (phone.contentDocument?.readyState === 'complete') begin();
}

function begin() {
  const body = $('phone').contentDocument?.body;
  if (!body) return;
  const all = { subtree: true, childList: true, characterData: true };
  watcher.observe(body, { ...all, attributeFilter: ['open', 'disabled'] });
  look();
}

/**
 * Which buttons of the phone to point at: the last of these that can be seen.
 * @type {(texts: string[]) => void}
 */
export function pointAt(texts) {
  wanted = texts;
  look();
}

/**
 * The buttons that can be tapped now; over a dialog, only those of the dialog.
 * @type {() => HTMLElement[]}
 */
export function buttons() {
  const page = $('phone').contentDocument;
  const place = page?.querySelector('dialog[open]') ?? page?.querySelector('page:last-child');
  return [...(place?.querySelectorAll('button') ?? [])];
}

/** @type {(button: HTMLElement, name: string) => boolean} */
export const isNamed = (button, name) =>
  button.textContent.trim() === name || button.getAttribute('value') === name;

function look() {
  const page = $('phone')?.contentDocument?.documentElement;
  if (!page) return;
  showDialog(Boolean(page.querySelector('dialog[open]')));
  page.dataset.lang = root.lang;
  const seen = buttons();
  const last = wanted.findLast((name) => seen.some((button) => isNamed(button, name)));
  for (const button of page.querySelectorAll('button')) {
    mark(button, 'gloss', root.lang === 'en' && words.glosses[button.textContent.trim()]);
    mark(button, 'point', seen.includes(button) && last && isNamed(button, last) && 'here');
  }
}

/**
 * On a small screen the consent sheet may open below the window.
 * @type {(isOpen: boolean) => void}
 */
function showDialog(isOpen) {
  if (isOpen && !isAsking) $('phone').scrollIntoView({ block: 'nearest' });
  isAsking = isOpen;
}

/**
 * Only what changes is written.
 * @type {(button: HTMLElement, name: string, value?: string | false) => void}
 */
function mark(button, name, value) {
  if (!value) delete button.dataset[name];
  else if (button.dataset[name] !== value) button.dataset[name] = value;
}
