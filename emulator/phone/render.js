import { rpx } from './acss.js';
import { own, show } from './expression.js';

const FLAGS = /^(hidden|disabled|plain|loading|selectable|checked)$/;
const INNER = { image: 'img', checkbox: 'input' }; // the native element that does the work inside

/** What is to be seen of `nodes`: [{node, scope, key}], conditions, lists and templates resolved. */
export const expand = (nodes, scope, tree, key) =>
  nodes.flatMap((node) => {
    if (!node.list) return one(node, scope, tree, key);
    const list = node.list(scope) ?? [];
    if (!Array.isArray(list)) tree.refuse('a:for 要的是数组', node.at);
    return list.flatMap((item, index) =>
      one(node, { ...scope, [node.item]: item, [node.index]: index }, tree, key),
    );
  });
function one(node, scope, tree, outer) {
  while (node?.test && !node.test(scope)) node = node.otherwise;
  if (!node) return [];
  const key = node.key?.(scope) ?? outer;
  if (node.tag === 'block') return expand(node.children, scope, tree, key);
  if (node.tag !== 'template') return [{ node, scope, key }];
  const template =
    own(tree.templates, node.is(scope)) ?? tree.refuse(`没有模板 ${node.is(scope)}`, node.at);
  return expand(template.children, node.data?.(scope) ?? {}, tree, key);
}

/** Makes the children of `parent` what `wanted` says; what stays keeps its focus. */
export function morph(parent, wanted, host) {
  const pool = [...parent.childNodes];
  const elements = wanted.map((now) => {
    const found = pool.findIndex(({ now: was }) => was?.node === now.node && was.key === now.key);
    return Object.assign(found < 0 ? create(now.node, host) : pool.splice(found, 1)[0], { now });
  });
  pool.forEach((element) => element.remove());
  elements.forEach((element, i) => {
    update(element, host);
    if (parent.childNodes[i] !== element)
      parent.insertBefore(element, parent.childNodes[i] ?? null);
  });
}

function create({ tag, text, events }, host) {
  if (text) return document.createTextNode('');
  const element = document.createElement(tag),
    inner = INNER[tag];
  if (inner)
    element.inner = element.appendChild(
      Object.assign(document.createElement(inner), { alt: '', type: tag }),
    );
  element.onclick = (event) => {
    fire(element, 'Tap', host, event);
    if (element.getAttribute('open-type')) authorize(element, host);
  };
  if (tag !== 'button' && events.some(({ type }) => type === 'Tap')) {
    Object.assign(element, { tabIndex: 0, role: 'button' });
    element.onkeydown = (event) => {
      if (event.target !== element || !/^(Enter| )$/.test(event.key)) return;
      event.preventDefault();
      if (!event.repeat) element.click();
    };
  }
  return element;
}

function update(element, host) {
  const {
      now: { node, scope },
      inner,
    } = element,
    { refuse, values } = host.tree;
  if (node.text) {
    const text = show(node.text(scope));
    if (element.data !== text) element.data = text;
    return;
  }
  for (const [name, get] of node.attributes) {
    const value = get(scope),
      text = name === 'src' ? host.resolve(show(value)) : show(value);
    const target = inner && /^(src|aria-|role|disabled|checked)/.test(name) ? inner : element;
    if (value && own(values, name)?.split(' ').includes(value) === false)
      refuse(`不支持 ${name}="${value}"`, node.at);
    if (name === 'style') element.style.cssText = rpx(text);
    else if (FLAGS.test(name)) target.toggleAttribute(name, Boolean(value));
    else if (target.getAttribute(name) !== text) target.setAttribute(name, text);
  }
  if (!inner) morph(element, expand(node.children, scope, host.tree), host);
}

/** Calls the page's handler; `dataset` is that of the element which has it. */
function fire(element, name, host, event, detail = {}) {
  const { node, scope } = element.now,
    handler = node.events.find(({ type }) => type === name);
  if (!handler) return;
  if (handler.caught) event.stopPropagation();
  let origin = event?.target ?? element;
  while (!origin.now) origin = origin.parentElement; // from the native element inside
  const dataset = ({ now }) =>
    Object.fromEntries(now.node.dataset.map(([key, value]) => [key, value(now.scope)]));
  const about = (it) => ({ id: it.id, tagName: it.now.node.tag, dataset: dataset(element) });
  const target = { ...about(origin), targetDataset: dataset(origin) },
    type = name[0].toLowerCase() + name.slice(1);
  host.call(
    handler.value(scope),
    { type, timeStamp: Date.now(), target, currentTarget: about(element), detail },
    node.at,
  );
}

const authorize = (element, host) =>
  host.authorize().then(
    () => fire(element, 'GetAuthorize', host),
    ({ errorMessage }) =>
      fire(element, 'Error', host, null, { type: 'getAuthorize', errorMessage }),
  );
