// "Do it for me": taps the phone's own buttons, as a person would.
import { buttons, isNamed } from './glass.js';

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
