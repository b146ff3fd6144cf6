// Elements and sentences. Every sentence comes from words.json, in both languages.
/** @type {Find} */
export const $ = (id) => /** @type {any} */ (document.getElementById(id));
/** @type {Words} */
export const words = JSON.parse($('words')?.content.textContent ?? 'null');
/** @type {(keyof Both)[]} */
const LANGUAGES = ['zh', 'en'];
export const root = document.documentElement;
/** Where the server answers this page: the workbench's scripts, or those of the emulator's own. */
const routes = root.dataset.routes ?? '/workbench';

/** What an event's element is, or stands in. @type {Closest} */
export const closest = ({ target }, selector) =>
  target instanceof Element ? target.closest(selector) : null;

/**
 * Gives an element these children, in any nesting, in place of its own; empty ones left out.
 * @type {Fill}
 */
export function fill(node, ...children) {
  const full = children.flat(3).filter((child) => child || child === 0);
  node.replaceChildren(.../** @type {Node[]} */ (full));
  return node;
}

/** @type {Make} */
export const h = (tag, properties, ...children) =>
  fill(Object.assign(document.createElement(tag), properties), children);

/**
 * Both languages of {zh, en} or of a key of words.ui, of which CSS shows one; else the text.
 * @type {(text: Phrase) => Child[]}
 */
export function say(text) {
  const both = words.ui[String(text)] ?? text;
  if (typeof both !== 'object') return [both];
  return LANGUAGES.map((lang) => h('span', { className: lang, lang }, both[lang]));
}

/** @type {(name: string, value: any) => any} */
const visible = (_, value) => (value === undefined ? '(undefined)' : value);
/** @type {(value: any) => string} */
export const pretty = (value) =>
  (typeof value === 'string' ? value : JSON.stringify(value, visible, 2)) || '';

/** @type {(label: string, text: () => string) => HTMLElement} */
export function copyButton(label, text) {
  const button = h('button', { type: 'button', className: 'copy' }, say(label));
  button.onclick = async () => {
    await navigator.clipboard.writeText(text());
    fill(button, say('copied'));
  };
  return button;
}

/** @type {Ask} */
export async function ask(method, path, body) {
  const options = body && {
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  };
  const answer = await fetch(`${routes}/${path}`, { method, ...options });
  return answer.json();
}
