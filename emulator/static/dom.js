// What the workbench and the phone share. Every sentence comes from words.json, in both languages.
export const $ = (id) => document.getElementById(id);
export const words = JSON.parse($('words')?.content.textContent ?? null);

/** Gives an element these children, in any nesting, in place of its own; empty ones left out. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(3).filter((child) => child || child === 0));
  return node;
}

export const h = (tag, properties, ...children) =>
  fill(Object.assign(document.createElement(tag), properties), children);

/** Both languages of {zh, en} or of a key of words.ui, of which CSS shows one; else the text. */
export function say(text) {
  const both = words.ui[text] ?? text;
  if (typeof both !== 'object') return [both];
  return ['zh', 'en'].map((lang) => h('span', { className: lang, lang }, both[lang]));
}

const visible = (_, value) => (value === undefined ? '(undefined)' : value);
export const pretty = (value) =>
  (typeof value === 'string' ? value : JSON.stringify(value, visible, 2)) || '';

export function copyButton(label, text) {
  const button = h('button', { type: 'button', className: 'copy' }, say(label));
  button.onclick = async () => {
    await navigator.clipboard.writeText(text());
    fill(button, say('copied'));
  };
  return button;
}

export async function ask(method, path, body) {
  const options = body && {
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  };
  const answer = await fetch(`/workbench/${path}`, { method, ...options });
  return answer.json();
}
