// my.navigateTo and my.navigateBack.
import { byId } from './dom.js';
import { createPage, hook } from './page.js';
import { route, stack } from './stack.js';

/** The look of all pages: app.acss. */
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
  hook(stack.at(-1)?.page, 'onHide');
  stack.push(opened);
  hook(opened.page, 'onLoad', Object.fromEntries(searchParams));
  byId('pages').append(opened.element);
  showTop();
  opened.draw();
  hook(opened.page, 'onReady');
}

/** Closes the page on top, unless it is the last. */
export function navigateBack() {
  if (stack.length < 2) return;
  const closed = stack.pop();
  hook(closed?.page, 'onUnload');
  closed?.element.remove();
  showTop();
}

function showTop() {
  const top = stack[stack.length - 1];
  document.adoptedStyleSheets = [app.style, top.definition.style];
  byId('title').textContent = top.definition.title;
  if (document.hasFocus()) top.element.focus({ preventScroll: true });
  hook(top.page, 'onShow');
}
