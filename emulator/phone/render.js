import { rpx } from './acss.js';
import { own, show } from './expression.js';

const FLAGS = /^(hidden|disabled|plain|loading|selectable|checked|scroll-[xy])$/;
const INNER = { image: 'img', checkbox: 'input' }; // the native element that does the work inside

/** What is to be seen of `nodes`: [{node, scope, key}], with conditions, lists and templates resolved. Needs no DOM. */
export const expand = (nodes, scope, tree, key) => nodes.flatMap((node) => {
  if (!node.list) return one(node, scope, tree, key);
  const list = node.list(scope) ?? [];
  if (!Array.isArray(list)) tree.refuse('a:for 要的是数组', node.at);
  return list.flatMap((item, index) => one(node, { ...scope, [node.item]: item, [node.index]: index }, tree, key));
});
function one(node, scope, tree, outer) {
  while (node?.test && !node.test(scope)) node = node.otherwise;
  if (!node) return [];
  const key = node.key?.(scope) ?? outer;
  if (node.tag === 'block') return expand(node.children, scope, tree, key);
  if (node.tag !== 'template') return [{ node, scope, key }];
  const template = own(tree.templates, node.is(scope)) ?? tree.refuse(`没有模板 ${node.is(scope)}`, node.at);
  return expand(template.children, node.data?.(scope) ?? {}, tree, key);
}
const dataset = ({ node, scope }) => Object.fromEntries(node.dataset.map(([name, value]) => [name, value(scope)]));

/** Makes the children of `parent` what `wanted` says. Elements that stay are kept, and with them focus and scrolling. */
export function morph(parent, wanted, host) {
  const pool = [...parent.childNodes];
  wanted.forEach((now, i) => {
    const found = pool.findIndex(({ now: was }) => was?.node === now.node && was.key === now.key);
    const element = found < 0 ? create(now.node, host) : pool.splice(found, 1)[0], text = now.node.text && show(now.node.text(now.scope));
    element.now = now;
    if (text === undefined) update(element, now, host);
    else if (element.data !== text) element.data = text;
    if (parent.childNodes[i] !== element) parent.insertBefore(element, parent.childNodes[i] ?? null);
  });
  pool.forEach((element) => element.remove());
}

function create({ tag, text, events }, host) {
  if (text) return document.createTextNode('');
  const element = document.createElement(tag), taps = events.some(({ type }) => type === 'Tap');
  if (INNER[tag]) element.inner = element.appendChild(Object.assign(document.createElement(INNER[tag]), { alt: '', type: tag }));
  if (tag === 'scroll-view') element.tabIndex = 0;
  element.onclick = (event) => {
    fire(element, 'Tap', host, event);
    if (element.getAttribute('open-type')) authorize(element, host);
  };
  if (taps && tag !== 'button') { // what can be tapped can be reached and pressed by keyboard
    Object.assign(element, { tabIndex: 0, role: 'button' });
    element.onkeydown = (event) => {
      if (event.target !== element || !/^(Enter| )$/.test(event.key)) return;
      event.preventDefault();
      if (!event.repeat) element.click();
    };
  }
  return element;
}

function update(element, { node, scope }, host) {
  for (const [name, get] of node.attributes) {
    const value = get(scope), text = name === 'src' ? host.resolve(show(value)) : show(value);
    const target = element.inner && /^(src|aria-|role|disabled|checked)/.test(name) ? element.inner : element;
    if (value && own(host.tree.values, name)?.split(' ').includes(value) === false) host.tree.refuse(`模拟器不支持 ${name}="${value}"`, node.at);
    if (name === 'style') element.style.cssText = rpx(text);
    else if (FLAGS.test(name)) target.toggleAttribute(name, Boolean(value));
    else if (target.getAttribute(name) !== text) target.setAttribute(name, text);
    if (name === 'aria-label' && element.inner) element.inner.alt = text;
  }
  if (!element.inner) morph(element, expand(node.children, scope, host.tree), host);
}

/** Calls the page's handler with an event of Alipay's shape; `dataset` is that of the element which has the handler. */
function fire(element, name, host, event, detail = {}) {
  const { now } = element, handler = now.node.events.find(({ type }) => type === name);
  if (!handler) return;
  if (handler.caught) event.stopPropagation();
  let origin = event?.target ?? element;
  while (!origin.now) origin = origin.parentElement; // from the native element inside
  const about = (it) => ({ id: it.id, tagName: it.now.node.tag, dataset: dataset(now) });
  const target = { ...about(origin), targetDataset: dataset(origin.now) }, type = name[0].toLowerCase() + name.slice(1);
  host.call(handler.value(now.scope), { type, timeStamp: Date.now(), target, currentTarget: about(element), detail }, now.node.at);
}

/** <button open-type="getAuthorize">: the consent sheet, then one of the button's own two events. */
const authorize = (element, host) => host.authorize().then(() => fire(element, 'GetAuthorize', host),
  ({ errorMessage }) => fire(element, 'Error', host, null, { type: 'getAuthorize', errorMessage }));
