// What Alipay puts over a page: the consent sheet, dialogs, a toast, the loading sign.
import { byId, isEnglish } from './device.js';

/** How long a toast stays by default, in milliseconds. */
const TOAST = 2000;

/** @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @type {number | undefined} */
let fading;

/**
 * Opens a dialog once those before it are closed; a part of it without a text is hidden. Resolves
 * with the value of the button, or 'back' for Escape, as for Android's back key.
 * @type {AskDialog}
 */
function ask(id, texts) {
  const choice = turn.then(() => openDialog(id, texts));
  turn = choice;
  return choice;
}

/** @type {AskDialog} */
function openDialog(id, texts) {
  const dialog = /** @type {HTMLDialogElement} */ (byId(id));
  for (const [part, text = ''] of Object.entries(texts)) {
    const element = byId(`${id}-${part}`);
    element.textContent = text;
    element.hidden = text === '';
  }
  dialog.returnValue = 'back';
  return new Promise((resolve) => {
    dialog.onclose = () => {
      keepFocus(dialog);
      resolve(dialog.returnValue);
    };
    dialog.showModal();
  });
}

/** The button that led to a dialog is disabled by now: the keyboard goes on at its page. */
function keepFocus(/** @type {HTMLDialogElement} */ dialog) {
  const { activeElement: focused, body } = document;
  const isLost = focused === body || focused?.matches(':disabled') || dialog.contains(focused);
  const page = /** @type {HTMLElement | null} */ (byId('pages').lastElementChild);
  if (isLost) page?.focus({ preventScroll: true });
}

/** The consent sheet (授权窗): 'agree', 'refuse' or 'back'. @param {TestMember} member */
export function askForConsent(member) {
  const avatar = /** @type {HTMLImageElement} */ (byId('consent-avatar'));
  avatar.src = member.avatar ?? '';
  const described = isEnglish() ? member.case.en : member.case.zh;
  return ask('consent', { name: member.nick_name ?? described });
}

/** my.alert @param {{title?: string, content?: string, buttonText?: string}} options */
export async function alert({ title, content, buttonText = '确定' }) {
  await ask('notice', { title, content, ok: buttonText, cancel: '' });
}

/** my.confirm @param {ConfirmOptions} options */
export async function confirm(options) {
  const { title, content, confirmButtonText = '确定', cancelButtonText = '取消' } = options;
  const texts = { title, content, ok: confirmButtonText, cancel: cancelButtonText };
  const choice = await ask('notice', texts);
  return { confirm: choice === 'ok' };
}

/** my.showToast @param {{content?: string, duration?: number}} options */
export function showToast({ content = '', duration = TOAST }) {
  clearTimeout(fading);
  byId('toast').textContent = content;
  fading = setTimeout(() => {
    byId('toast').textContent = '';
  }, duration);
}

/** my.showLoading @param {{content?: string}} options */
export function showLoading({ content = '加载中…' }) {
  byId('loading').textContent = content;
}

/** my.hideLoading */
export function hideLoading() {
  byId('loading').textContent = '';
}
