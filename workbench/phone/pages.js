// The pages: opened and closed by my.navigateTo and my.navigateBack, changed by setData, called by
// Alipay's hooks (onLoad, onShow, …).
import { byId, FILES, phone, route } from './device.js';
import { isForbidden, own } from './expression.js';
import { authorize } from './my/authorisation.js';
import { showProblem } from './problems.js';
import { expand, morph } from './render.js';

/** The style sheet of all pages: app.acss. */
export const app = { style: new CSSStyleSheet() };

/** The pages of the mini-program by path. @type {Map<string, Definition>} */
export const definitions = new Map();

/** Opens a page on top; `url` is relative to the one seen now. @param {{url: string}} options */
export function navigateTo({ url }) {
  const { pathname, searchParams } = new URL(url, `file:///${route()}`);
  const path = pathname.slice(1);
  const definition = definitions.get(path);
  if (!definition) throw new Error(`没有页面 ${url}`);
  const opened = createPage(path, definition);
  hook(phone.stack.at(-1)?.page, 'onHide');
  phone.stack.push(opened);
  hook(opened.page, 'onLoad', Object.fromEntries(searchParams));
  byId('pages').append(opened.element);
  showTop();
  opened.draw();
  hook(opened.page, 'onReady');
}

/** Closes the page on top, unless it is the last. */
export function navigateBack() {
  if (phone.stack.length < 2) return;
  const closed = phone.stack.pop();
  hook(closed?.page, 'onUnload');
  closed?.element.remove();
  showTop();
}

function showTop() {
  const top = phone.stack[phone.stack.length - 1];
  document.adoptedStyleSheets = [app.style, top.definition.style];
  byId('title').textContent = top.definition.title;
  if (document.hasFocus()) top.element.focus({ preventScroll: true });
  hook(top.page, 'onShow');
}

/** @type {(route: string, definition: Definition) => OpenPage} */
function createPage(route, definition) {
  const { data = {}, ...methods } = definition.options;
  const element = Object.assign(document.createElement('page'), { tabIndex: -1 });
  const page = { ...methods, route, setData, data: structuredClone(data) };
  const host = createHost(page, definition);
  /** @type {Promise<void> | null} */
  let drawing = null;

  function draw() {
    drawing = null;
    morph(element, expand(host.tree.children, page.data, host.tree), host);
  }

  /**
   * Draws later, as Alipay does: the second of two quick taps still finds its button.
   * @type {(changes: Record<string, Data>, done?: () => void) => void}
   */
  function setData(changes, done) {
    for (const [path, value] of Object.entries(changes)) assign(page.data, path, value);
    drawing ??= Promise.resolve().then(draw);
    if (done) drawing.then(() => done.call(page));
  }

  return { route, definition, page, element, draw };
}

/** @type {(page: OpenPage['page'], definition: Definition) => Host} */
function createHost(page, { tree }) {
  const base = location.origin + FILES;
  return {
    tree,
    authorize,
    resolve: (source) => source && new URL(source.replace(/^\//, base), base + page.route).href,
    call(handler, event, at) {
      if (!page[handler]) tree.refuse(`没有处理函数 ${handler}`, at);
      page[handler](event);
    },
  };
}

/**
 * One change of setData, at a path such as 'array[0].text'. Creates what is missing on the way: a
 * list before a number, else an object.
 * @type {(data: Data, path: string, value: Data) => void}
 */
export function assign(data, path, value) {
  const keys = path.match(/[^.[\]]+/g) ?? [];
  if (keys.length === 0 || keys.some(isForbidden)) throw new Error(`setData: ${path}`);
  let object = data;
  keys.slice(0, -1).forEach((key, i) => {
    const isList = /^\d+$/.test(keys[i + 1]);
    if (own(object, key) == null) object[key] = isList ? [] : {};
    object = object[key];
  });
  object[keys[keys.length - 1]] = value;
}

/**
 * Calls a hook if the page has it; an error in it is shown and stops nothing.
 * @type {(object: Record<string, any> | undefined, name: string, argument?: object) => void}
 */
export function hook(object, name, argument) {
  try {
    object?.[name]?.(argument);
  } catch (error) {
    showProblem(error);
  }
}
