// The person who holds the phone: what they tap and decide. The trace groups what happens by it.
import { bench, phone, report } from './device.js';

/** Two taps on one button within this time, in milliseconds, are one deed: a double tap. */
const SAME_TAP = 400;

/** @type {Record<string, Both>} */
const DECISIONS = {
  agree: { zh: '同意授权', en: 'Agreed' },
  refuse: { zh: '拒绝授权', en: 'Refused' },
  back: { zh: '按返回键离开授权面板', en: 'Left the consent sheet by the back key' },
};

/** `at` tells a deed from others of the same name. @type {Deed} */
let latest = {
  zh: '打开小程序：没有问过任何人',
  en: 'Opened the mini-program: no consent asked',
  at: Date.now(),
};

/** What the person did last, which led to whatever happens now. */
export const latestDeed = () => latest;

/** A decision on the consent sheet: 'agree', 'refuse' or 'back'. @param {string} decision */
export function decide(decision) {
  latest = { ...DECISIONS[decision], at: Date.now() };
  const title = { zh: '授权面板', en: 'Consent sheet' };
  report({
    kind: 'decision',
    title,
    says: `decision-${decision}`,
    outcome: decision,
    trigger: latest,
  });
}

/** Whether the taps that arrive now are the two of a double tap. */
let isTwice = false;

/** @param {MouseEvent} event */
function touch(event) {
  const element = /** @type {HTMLElement} */ (event.target);
  phone.isTouched = true;
  noteTap(element);
  if (!bench.order.twice || isTwice) return;
  event.stopPropagation();
  event.preventDefault();
  tapTwice(element);
}

/**
 * A tap on a named button is a deed; one on the consent sheet, a decision.
 * @param {HTMLElement} element
 */
function noteTap(element) {
  const button = element.closest('button, [role=button]');
  const name = button?.textContent?.trim() || button?.ariaLabel;
  if (!name || element.closest('#consent')) return;
  const now = Date.now();
  const en = `Tapped ${name}`;
  const isSame = latest.en === en && now - latest.at < SAME_TAP;
  if (!isSame) latest = { zh: `点了「${name}」`, en, at: now };
}

/**
 * Both taps of a double tap in one moment, before anything is drawn.
 * @param {HTMLElement} element
 */
function tapTwice(element) {
  report({ kind: 'taps', title: '×2', says: 'double-tap' });
  isTwice = true;
  element.click();
  element.click();
  isTwice = false;
}

const whileCapturing = true; // before the mini-program sees it
addEventListener('click', touch, whileCapturing);
