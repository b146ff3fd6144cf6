// What each kind of attribute means for its element.
import { own } from './data.js';

/** @type {AddAttribute} */
export function addAttribute(node, name, value, tree) {
  if (name.startsWith('a:')) addDirective(node, name.slice('a:'.length), value, tree);
  else if (name.startsWith('data-')) addDataset(node, name.slice('data-'.length), value, tree);
  else if (/^(on|catch)[A-Z]/.test(name)) addEvent(node, name, value, tree);
  else if (node.tag === 'template') addTemplatePart(node, name, value, tree);
  else if (name === 'key') node.key = value;
  else node.attributes.push([name, value]);
}

/** a:if, a:for and their kin @type {AddAttribute} */
function addDirective(node, name, value, tree) {
  if (name === 'for') node.list = value;
  else if (name === 'for-item') node.item = value({});
  else if (name === 'for-index') node.index = value({});
  else if (name === 'key') node.key = keyOf(node, value({}));
  else addBranch(node, name, value, tree);
}

/** a:if, a:elif, a:else @type {AddAttribute} */
function addBranch(node, name, value) {
  node.branch = /** @type {ElementNode['branch']} */ (name);
  node.test = value;
}

/**
 * a:key names a property of the item, or with *this the item itself.
 * @type {(node: ElementNode, name: string) => Value}
 */
function keyOf(node, name) {
  return (scope) => {
    const item = scope[node.item];
    return name === '*this' ? item : own(item, name);
  };
}

/** data-alpha-beta is read as dataset.alphaBeta. @type {AddAttribute} */
function addDataset(node, name, value) {
  const camelCase = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  node.dataset.push([camelCase, value]);
}

/** onTap lets the event bubble on, catchTap stops it. @type {AddAttribute} */
function addEvent(node, name, handler) {
  const isCaught = name.startsWith('catch');
  const type = name.replace(/^(on|catch)/, '');
  node.events.push({ type, isCaught, handler });
}

/** <template name="…"> defines one, <template is="…" data="…"> shows it. @type {AddAttribute} */
function addTemplatePart(node, name, value, tree) {
  if (name === 'name') tree.templates.set(value({}), node);
  else if (name === 'is') node.is = value;
  else node.data = value;
}

/**
 * Refuses what no attribute shows alone.
 * @type {(node: ElementNode, refuse: Refuse) => void}
 */
export function checkElement(node, refuse) {
  const has = (/** @type {string} */ wanted) => node.attributes.some(([name]) => name === wanted);
  if (has('open-type') && !has('scope')) refuse(NO_SCOPE, node.at);
}

/** On a device such a button does nothing at all, and says nothing. */
export const NO_SCOPE =
  '<button open-type="getAuthorize"> 没有 scope，在真机上点了毫无反应；请写 scope="userInfo"';
