// One open page: its data, its element, and the hooks that Alipay calls.
import { assign } from './data.js';
import { authorize } from './my/authorisation.js';
import { problem } from './problems.js';
import { expand, morph } from './render.js';
import { FILES } from './workbench.js';

/** @type {(route: string, definition: Definition) => OpenPage} */
export function createPage(route, definition) {
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
 * Calls a hook (onLoad, onShow, …) if there is one; a mistake in it is shown and stops nothing.
 * @type {(object: Record<string, any> | undefined, name: string, argument?: object) => void}
 */
export function hook(object, name, argument) {
  try {
    object?.[name]?.(argument);
  } catch (error) {
    problem(error);
  }
}
