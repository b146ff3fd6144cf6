// "Do it for me": taps the phone's own buttons, as a person would.
import { $ } from './dom.js';

/** Before and after a tap, in milliseconds, so that one can follow with one's eyes. */
const PAUSE = matchMedia('(prefers-reduced-motion: reduce)').matches ? 150 : 700;
const LOOK = 50; // milliseconds between two looks
const PATIENCE = 30_000; // milliseconds
const CLICK = { bubbles: true, cancelable: true };
const AGREE = '同意';
const LOG_OUT = '退出登录';
const AUTHORISE = '授权并获取会员信息';
const UPDATE = '更新会员信息';
const WAYS_ON = ['重试', '重新授权', AUTHORISE, UPDATE, '登录', '会员中心', '返回首页'];

/** @type {(time: number) => Promise<void>} */
const sleep = (time) => new Promise((done) => setTimeout(done, time));

/**
 * What can be tapped now, by its text: the consent sheet's 同意, or the page's buttons.
 * @type {() => Map<string, HTMLElement>}
 */
function buttons() {
  const screen = $('phone').contentDocument;
  const agree = screen?.querySelector('#consent[open] [value=agree]');
  if (agree) return new Map([[AGREE, agree]]);
  const found = [...(screen?.querySelectorAll('page:last-child button:enabled') ?? [])];
  return new Map(found.map((button) => [button.textContent.trim(), button]));
}

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
    const found = buttons();
    const text = [AGREE, ...texts].find((name) => found.has(name));
    const button = found.get(text ?? '');
    if (button) await tap(button);
    else await sleep(LOOK);
  }
}

/**
 * Brings the phone to where a way of failing can be met.
 * @type {(way: Pick<Way, 'needs'>) => Promise<void>}
 */
export async function prepare({ needs }) {
  /** @type {(name: string) => boolean} */
  const has = (name) => buttons().has(name);
  if (needs === 'member') await tapOn(() => has(UPDATE) && has(LOG_OUT));
  if (needs === 'login')
    await tapOn(() => has(AUTHORISE) && !has(LOG_OUT), [LOG_OUT, '会员中心', '重试']);
}
