// "Do it for me": taps the phone's own buttons, as a person would, until the expected was seen.
import { $ } from './dom.js';

/** Between two taps, in milliseconds, so that one can follow with one's eyes. */
const PAUSE = matchMedia('(prefers-reduced-motion: reduce)').matches ? 100 : 700;
const LOOK = 50; // milliseconds between two looks
const PATIENCE = 30_000; // milliseconds
const WAYS_ON = [
  '重试',
  '重新授权',
  '授权并获取会员信息',
  '更新会员信息',
  '登录',
  '会员中心',
  '返回首页',
];

const sleep = (time) => new Promise((done) => setTimeout(done, time));

/** What can be tapped now: the consent sheet's 同意, or the page's buttons by their texts. */
function buttons() {
  const screen = $('phone').contentDocument;
  const agree = screen?.querySelector('#consent[open] [value=agree]');
  if (agree) return new Map([['同意', agree]]);
  const found = [...(screen?.querySelectorAll('#pages > :last-child button:enabled') ?? [])];
  return new Map(found.map((button) => [button.textContent.trim(), button]));
}

/** Taps the first of these that is there, once it is there; false if `isOver` comes first. */
async function tap(texts, isOver) {
  const last = Date.now() + PATIENCE;
  while (Date.now() < last) {
    if (isOver()) return false;
    const found = buttons();
    const text = texts.find((name) => found.has(name));
    if (text) {
      const button = found.get(text);
      button.scrollIntoView({ block: 'nearest' });
      button.focus({ preventScroll: true });
      await sleep(PAUSE);
      if (button.isConnected) button.click();
      await sleep(PAUSE);
      return true;
    }
    await sleep(LOOK);
  }
  return false;
}

/** Taps on until it is over, or nothing more can be done. */
async function tapUntil(isOver, texts) {
  const last = Date.now() + PATIENCE;
  while (Date.now() < last && (await tap(['同意', ...texts], isOver)));
}

/**
 * Makes a way of failing be seen. `arm` switches it on (again), `isOver` tells when to stop.
 * @param {Way} way @param {() => Promise<void>} arm @param {() => boolean} isOver
 */
export async function drive(way, arm, isOver) {
  const isIn = () => buttons().has('更新会员信息') && buttons().has('退出登录');
  const isOut = () => buttons().has('授权并获取会员信息') && !buttons().has('退出登录');
  if (way.needs === 'member') await tapUntil(isIn, WAYS_ON);
  if (way.needs === 'login') await tapUntil(isOut, ['退出登录', '会员中心', '重试']);
  await arm();
  await tapUntil(isOver, WAYS_ON);
}
