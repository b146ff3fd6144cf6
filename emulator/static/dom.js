// Small helpers that the trace and the contrast share. Every sentence comes from words.json, in both languages.
export const $ = id => document.getElementById(id);
export const words = JSON.parse($('words').content.textContent);

/** An element with properties (`data` for its dataset) and children; null and undefined children are left out. */
export function h(tag, { data, ...properties } = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  Object.assign(node.dataset, data);
  node.append(...children.flat(3).filter(child => child != null && child !== false));
  return node;
}

/** Both languages of {zh, en}, [zh, en] or a key of words.ui; CSS shows the page's. */
export function say(text) {
  const { zh = text[0], en = text[1] } = words.ui[text] ?? text;
  return [h('span', { className: 'zh', lang: 'zh' }, zh), h('span', { className: 'en', lang: 'en' }, en)];
}

export const pretty = value => (typeof value === 'string' ? value : JSON.stringify(value, null, 2)) || '';

/** A button that copies what `text()` gives, and says so for a moment. */
export function copyButton(label, text) {
  const button = h('button', { type: 'button', className: 'copy' }, say(label));
  button.onclick = async () => {
    await navigator.clipboard.writeText(text());
    button.replaceChildren(...say('copied'));
    setTimeout(() => button.replaceChildren(...say(label)), 1500);
  };
  return button;
}

/** A call of our own server, JSON both ways. */
export async function ask(method, path, body) {
  const options = body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  const answer = await fetch(`/workbench/${path}`, { method, ...options });
  return answer.json();
}
