// What the person who holds the phone does: the trace groups what happens by it.
import { report } from './workbench.js';

/** One tap may arrive twice in this time, in milliseconds: a double tap, or a failure to try. */
const SAME_TAP = 400;

/** @type {Record<string, Both>} */
const DECISIONS = {
  agree: { zh: '同意授权', en: 'Agreed' },
  refuse: { zh: '拒绝授权', en: 'Refused' },
  back: { zh: '按返回键离开授权面板', en: 'Left the consent sheet by the back key' },
};

/** The latest thing done; `at` tells it from others of the same name. @type {Deed} */
let latest = {
  zh: '打开小程序：没有问过任何人',
  en: 'Opened the app: nobody was asked',
  at: Date.now(),
};

/** What the person did before whatever happens now. */
export const did = () => latest;

/** What was answered on the consent sheet: 'agree', 'refuse' or 'back'. @param {string} answer */
export function decide(answer) {
  latest = { ...DECISIONS[answer], at: Date.now() };
  const title = { zh: '授权面板', en: 'Consent sheet' };
  report({ kind: 'decision', title, says: `decision-${answer}`, outcome: answer, trigger: latest });
}

/** A tap on something that has a name; those on the consent sheet are decisions. */
addEventListener(
  'click',
  (event) => {
    const target = /** @type {Element} */ (event.target);
    const button = target.closest('button, [role=button]');
    const name = button?.textContent?.trim() || button?.ariaLabel;
    if (!name || target.closest('#consent')) return;
    const now = Date.now();
    const en = `Tapped ${name}`;
    const isSame = latest.en === en && now - latest.at < SAME_TAP;
    if (!isSame) latest = { zh: `点了「${name}」`, en, at: now };
  },
  true, // before the mini-program hears of it
);
