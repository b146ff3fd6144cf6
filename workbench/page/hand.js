// The page's hand on the phone's screen: English beside its buttons, a frame around the one to tap
// next, and "Do it for me", which taps them as a person would.
import { $, root, words } from '/workbench/shared/dom.js';
import { listen } from './state.js';

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

// ── do it for me ──

/** Before and after a tap, in milliseconds, so that one can follow with one's eyes. */
const PAUSE = matchMedia('(prefers-reduced-motion: reduce)').matches ? 150 : 700;
const LOOK = 50; // milliseconds between two looks
const PATIENCE = 30_000; // milliseconds
const CLICK = { bubbles: true, cancelable: true };
const AGREE = 'agree';
const LOG_OUT = '退出登录';
const AUTHORISE = '授权并获取会员信息';
const UPDATE = '更新会员信息';
const WAYS_ON = ['重试', '重新授权', AUTHORISE, UPDATE, '登录', '会员中心', '返回首页'];

/** @type {(time: number) => Promise<void>} */
const sleep = (time) => new Promise((done) => setTimeout(done, time));

/** What can be tapped now. @type {(name: string) => HTMLElement | undefined} */
const find = (name) =>
  buttons().find((button) => isNamed(button, name) && !button.matches(':disabled'));

/** @type {(button: HTMLElement) => Promise<void>} */
async function tap(button) {
  button.scrollIntoView({ block: 'nearest' });
  button.focus({ preventScroll: true });
  await sleep(PAUSE);
  // Not click(): a second one inside it, for a double tap, would be swallowed.
  if (button.isConnected) button.dispatchEvent(new MouseEvent('click', CLICK));
  await sleep(PAUSE);
}

/**
 * Taps whatever leads on, or the first of these texts, until it is over.
 * @type {(isOver: () => unknown, texts?: string[]) => Promise<void>}
 */
export async function tapOn(isOver, texts = WAYS_ON) {
  const last = Date.now() + PATIENCE;
  while (Date.now() < last && !isOver()) {
    const [button] = [AGREE, ...texts].flatMap((name) => find(name) ?? []);
    if (button) await tap(button);
    else await sleep(LOOK);
  }
}

/**
 * Brings the phone to where a fault can be met.
 * @type {(fault: Pick<Fault, 'needs'>) => Promise<void>}
 */
export async function prepare({ needs }) {
  if (needs === 'member') await tapOn(() => find(UPDATE) && find(LOG_OUT));
  if (needs === 'login')
    await tapOn(() => find(AUTHORISE) && !find(LOG_OUT), [LOG_OUT, '会员中心', '重试']);
}
