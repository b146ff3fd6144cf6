// From AXML and data to elements: expand() resolves conditions, lists and templates, morph()
// changes what differs. An element that stays the same stays in place and keeps its focus.
import { rpx } from './acss.js';
import { allowsValue, FLAGS, INNER, NATIVE } from './components.js';
import { listen, shown } from './events.js';
import { show } from './expression.js';

/**
 * The elements and texts to show, with conditions, lists and templates resolved.
 * @type {(nodes: MarkupNode[], scope: Scope, tree: Tree, key?: Data) => Shown[]}
 */
export function expand(nodes, scope, tree, key) {
  return nodes.flatMap((node) => {
    if ('text' in node) return [{ node, scope, key }];
    if (node.list) return expandList(node, scope, tree, key);
    return expandBranch(node, scope, tree, key);
  });
}

/** a:for @type {Expand} */
function expandList(node, scope, tree, key) {
  const list = node.list?.(scope) ?? [];
  if (!Array.isArray(list)) return tree.refuse('a:for 要的是数组', node.at);
  return list.flatMap((item, index) => {
    const inside = { ...scope, [node.item]: item, [node.index]: index };
    return expandBranch(node, inside, tree, key);
  });
}

/** a:if, a:elif, a:else: the first whose test is true @type {Expand} */
function expandBranch(node, scope, tree, key) {
  /** @type {ElementNode | undefined} */
  let branch = node;
  while (branch?.test && !branch.test(scope)) branch = branch.otherwise;
  return branch ? expandElement(branch, scope, tree, key) : [];
}

/** Of a block or a template only the inside is shown. @type {Expand} */
function expandElement(node, scope, tree, outer) {
  const key = node.key?.(scope) ?? outer;
  if (node.tag === 'block') return expand(node.children, scope, tree, key);
  if (node.tag === 'template') return expandTemplate(node, scope, tree, key);
  return [{ node, scope, key }];
}

/** @type {Expand} */
function expandTemplate(node, scope, tree, key) {
  const name = node.is?.(scope);
  const template = tree.templates.get(name) ?? tree.refuse(`没有模板 ${name}`, node.at);
  const data = node.data?.(scope) ?? {};
  return expand(template.children, data, tree, key);
}

/**
 * Makes the children of `parent` show `wanted`.
 * @type {(parent: Node, wanted: Shown[], host: Host) => void}
 */
export function morph(parent, wanted, host) {
  const old = [...parent.childNodes];
  const children = wanted.map((now) => {
    const child = takeSame(old, now) ?? create(now.node, host);
    shown.set(child, now);
    return child;
  });
  for (const left of old) left.remove();
  children.forEach((child, i) => {
    update(child, host);
    const present = parent.childNodes[i] ?? null;
    if (present !== child) parent.insertBefore(child, present);
  });
}

/**
 * The child that showed the same before, taken out of `old`.
 * @type {(old: ChildNode[], now: Shown) => Node | undefined}
 */
function takeSame(old, now) {
  const found = old.findIndex((child) => {
    const was = shown.get(child);
    return was?.node === now.node && was.key === now.key;
  });
  return found < 0 ? undefined : old.splice(found, 1)[0];
}

/** @type {(node: MarkupNode, host: Host) => Node} */
function create(node, host) {
  if ('text' in node) return document.createTextNode('');
  const element = document.createElement(node.tag);
  const native = NATIVE.get(node.tag);
  if (native) {
    const inner = document.createElement(native.tag);
    element.appendChild(Object.assign(inner, native.properties));
  }
  listen(element, node, host);
  return element;
}

/** @type {(child: Node, host: Host) => void} */
function update(child, host) {
  const { node, scope } = /** @type {Shown} */ (shown.get(child));
  if ('tag' in node) updateElement(/** @type {HTMLElement} */ (child), node, scope, host);
  else updateText(/** @type {Text} */ (child), show(node.text(scope)));
}

/** Leaves the same text alone: it may be selected. @type {(child: Text, text: string) => void} */
function updateText(child, text) {
  if (child.data !== text) child.data = text;
}

/** @type {(element: HTMLElement, node: ElementNode, scope: Scope, host: Host) => void} */
function updateElement(element, node, scope, host) {
  for (const [name, read] of node.attributes) {
    const value = read(scope);
    if (!allowsValue(name, value)) host.tree.refuse(`不支持 ${name}="${value}"`, node.at);
    setAttribute(element, node, name, name === 'src' ? host.resolve(show(value)) : value);
  }
  if (!NATIVE.has(node.tag)) morph(element, expand(node.children, scope, host.tree), host);
}

/** @type {(element: HTMLElement, node: ElementNode, name: string, value: Data) => void} */
function setAttribute(element, node, name, value) {
  const inner = /** @type {HTMLElement} */ (element.childNodes[0]);
  const target = NATIVE.has(node.tag) && INNER.test(name) ? inner : element;
  if (name === 'style') target.style.cssText = rpx(show(value));
  else if (FLAGS.includes(name)) setFlag(target, name, Boolean(value));
  else if (target.getAttribute(name) !== show(value)) target.setAttribute(name, show(value));
}

/**
 * Leaves a flag alone that is right. A checkbox that was touched follows only its property.
 * @type {(target: HTMLElement, name: string, isOn: boolean) => void}
 */
function setFlag(target, name, isOn) {
  if (target.hasAttribute(name) === isOn) return;
  target.toggleAttribute(name, isOn);
  Object.assign(target, { [name]: isOn });
}
