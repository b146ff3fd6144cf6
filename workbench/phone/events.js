// Taps and the getAuthorize button: from the browser's event to the page's handler.
import { NO_SCOPE } from './components.js';

/** What each element and each text node of the pages shows now. @type {WeakMap<Node, Shown>} */
export const shown = new WeakMap();

/** @type {Attach} */
export function listen(element, node, host) {
  element.onclick = (event) => {
    fire(element, 'Tap', host, event);
    if (element.getAttribute('open-type') === 'getAuthorize') authorize(element, node, host);
  };
  const isTappable = node.events.some(({ type }) => type === 'Tap');
  if (isTappable && node.tag !== 'button') makeButton(element);
}

/** An element that can be tapped is a button for the keyboard, too. @param {HTMLElement} element */
function makeButton(element) {
  element.tabIndex = 0;
  element.role = 'button';
  element.onkeydown = (event) => {
    if (event.target !== element || !['Enter', ' '].includes(event.key)) return;
    event.preventDefault();
    if (!event.repeat) element.click();
  };
}

/**
 * <button open-type="getAuthorize">: onGetAuthorize after 同意, onError after anything else.
 * @type {Attach}
 */
function authorize(element, node, host) {
  if (!element.getAttribute('scope')) host.tree.refuse(NO_SCOPE, node.at);
  const agreed = () => fire(element, 'GetAuthorize', host);
  const refused = (/** @type {{errorMessage: string}} */ { errorMessage }) =>
    fire(element, 'Error', host, null, { type: 'getAuthorize', errorMessage });
  host.authorize().then(agreed, refused);
}

/**
 * Calls the page's handler with Alipay's event.
 * @param {HTMLElement} element the one that has the handler
 * @param {string} name as in its attribute: 'Tap'
 * @param {Host} host
 * @param {Event | null} [event] the browser's
 * @param {object} [detail]
 */
function fire(element, name, host, event = null, detail = {}) {
  const { node, scope } = seen(element);
  const found = node.events.find(({ type }) => type === name);
  if (!found) return;
  if (found.isCaught) event?.stopPropagation();
  const type = name[0].toLowerCase() + name.slice(1);
  const dataset = datasetOf(element); // the handler's element's, in both
  const origin = originOf(event, element);
  const target = { ...describe(origin), dataset, targetDataset: datasetOf(origin) };
  const currentTarget = { ...describe(element), dataset };
  const about = { type, timeStamp: Date.now(), target, currentTarget, detail };
  host.call(found.handler(scope), about, node.at);
}

/**
 * The mini-program's element that was touched; the browser may name the native one inside.
 * @type {(event: Event | null, element: HTMLElement) => HTMLElement}
 */
function originOf(event, element) {
  let origin = /** @type {HTMLElement} */ (event?.target ?? element);
  while (!shown.has(origin)) origin = /** @type {HTMLElement} */ (origin.parentElement);
  return origin;
}

/** @param {HTMLElement} element */
const describe = (element) => ({ id: element.id, tagName: seen(element).node.tag });

/** @param {HTMLElement} element */
function datasetOf(element) {
  const { node, scope } = seen(element);
  return Object.fromEntries(node.dataset.map(([name, value]) => [name, value(scope)]));
}

/** @param {HTMLElement} element */
const seen = (element) => /** @type {Shown & {node: ElementNode}} */ (shown.get(element));
