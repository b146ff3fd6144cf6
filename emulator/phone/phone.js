// The phone: runs a mini-program's own files, unchanged, and tells the workbench what happens.
import { $, fill, h } from '../static/dom.js';
import { convert } from './acss.js';
import { parse } from './axml.js';
import { assign } from './expression.js';
import { createMy } from './my.js';
import { refuser } from './refusal.js';
import { expand, morph } from './render.js';

const state = Object.fromEntries(new URLSearchParams(location.search)),
  base = `/workbench/files/${state.app}/`; // app, member
const bench = parent.bench ?? { order: {} }; // what the workbench orders
const supported = await (await fetch('supported.json')).json();
const pages = {},
  stack = [];
let application = {},
  appConfig,
  appStyle,
  declared,
  turn = Promise.resolve(),
  fading;
const report = (phone) => parent.postMessage({ phone }, location.origin);
const route = () => stack.at(-1)?.route ?? 'app';

/** The mini-program's first line in a trace of calls, and its function. */
function origin(trace) {
  const [, line, file] = new RegExp(`${base}(([^:?]+):\\d+)`).exec(trace) ?? [];
  const [, name] = new RegExp(`(\\w+) \\(http\\S+${file}`).exec(trace) ?? [];
  return name ? `${line} · ${name}()` : line;
}

/** Shows an error and where it came from. */
function problem(error, path = '') {
  const {
    errorMessage = String(error),
    message: said = errorMessage,
    stack: trace,
    file,
    line,
  } = Object(error);
  const from = file ? `${file}:${line}` : (origin(trace) ?? path);
  const unknown = /\bmy\.\w+(?= is not a function)/.exec(said)?.[0],
    message = unknown ? `不支持 ${unknown}` : said;
  console.error(from, error);
  $('problem-list').append(h('li', {}, `${from} ${message}`));
  $('problems').togglePopover(true);
  if (unknown || file)
    report({ kind: 'refused', title: from, says: 'refused', outcome: 'failed', message });
}
function hook(object, name, argument) {
  try {
    object?.[name]?.(argument);
  } catch (error) {
    problem(error);
  }
}

/** One dialog at a time; resolves with the value of the button, or 'back' (Escape, as Android's back key). */
const ask = (id, texts) =>
  (turn = turn.then(
    () =>
      new Promise((resolve) => {
        for (const [part, text = ''] of Object.entries(texts))
          Object.assign($(`${id}-${part}`), { textContent: text, hidden: !text });
        $(id).returnValue = 'back';
        $(id).onclose = () => resolve($(id).returnValue);
        $(id).showModal();
      }),
  ));
function consent({ avatar, nick_name: name, case: { zh } }) {
  $('consent-avatar').src = avatar ?? '';
  return ask('consent', { name: name ?? zh });
}
const screen = {
  showToast({ content = '', duration = 2000 }) {
    clearTimeout(fading);
    fill($('toast'), content);
    fading = setTimeout(fill, duration, $('toast'));
  },
  showLoading: ({ content = '加载中…' }) => void fill($('loading'), content),
  hideLoading: () => void fill($('loading')),
  alert: async ({ title, content, buttonText: ok = '确定' }) =>
    void (await ask('notice', { title, content, ok, cancel: '' })),
  async confirm({
    title,
    content,
    confirmButtonText: ok = '确定',
    cancelButtonText: cancel = '取消',
  }) {
    return { confirm: (await ask('notice', { title, content, ok, cancel })) === 'ok' };
  },
  navigateTo: ({ url }) => open(url),
  navigateBack() {
    if (stack.length < 2) return;
    const { page, element } = stack.pop();
    hook(page, 'onUnload');
    element.remove();
    show();
  },
};

function open(url) {
  const { pathname, searchParams } = new URL(url, `file:///${route()}`),
    name = pathname.slice(1);
  if (!pages[name]) throw new Error(`没有页面 ${url}`);
  const {
      options: { data = {}, ...options },
      tree,
    } = pages[name],
    element = h('page', { tabIndex: -1 });
  const page = { ...options, route: name, setData, data: structuredClone(data) };
  const resolve = (src) =>
    src && new URL(src.replace(/^\//, base), location.origin + base + name).href;
  const call = (handler, event, at) =>
    (page[handler] ?? tree.refuse(`没有处理函数 ${handler}`, at)).call(page, event);
  let drawing;
  function draw() {
    drawing = null;
    morph(element, expand(tree.children, page.data, tree), { tree, authorize, resolve, call });
  }
  function setData(changes, done) {
    for (const [path, value] of Object.entries(changes)) assign(page.data, path, value);
    drawing ??= Promise.resolve().then(draw); // later, as in Alipay: the second of two quick taps still finds its button
    if (done) drawing.then(() => done.call(page));
  }
  hook(stack.at(-1)?.page, 'onHide');
  stack.push({ route: name, page, element });
  hook(page, 'onLoad', Object.fromEntries(searchParams));
  $('pages').append(element);
  show();
  draw();
  hook(page, 'onReady');
}
function show() {
  const { page, element } = stack.at(-1),
    { style, defaultTitle } = pages[route()];
  document.adoptedStyleSheets = [appStyle, style];
  fill($('title'), defaultTitle);
  if (document.hasFocus()) element.focus({ preventScroll: true });
  hook(page, 'onShow');
}
async function read(path) {
  const answer = await fetch(base + path);
  return answer.ok ? answer.text() : refuser(path, '')('没有这个文件');
}
const readJSON = async (path) => JSON.parse(await read(path));
// In @scope it can't reach the phone's own parts.
const readStyle = async (path) =>
  new CSSStyleSheet().replace(`@scope (main) {${convert(await read(path), path)}}`);
async function load(path) {
  await import(`${base}${path}.js`);
  const options = declared,
    { defaultTitle } = { ...appConfig.window, ...(await readJSON(`${path}.json`)) };
  const style = await readStyle(`${path}.acss`);
  pages[path] = {
    options,
    defaultTitle,
    style,
    tree: parse(await read(`${path}.axml`), `${path}.axml`, supported),
  };
}
async function boot() {
  appConfig = await readJSON('app.json');
  appStyle = await readStyle('app.acss');
  state.api = new URL((await import(`${base}config.js`)).API_BASE).origin;
  await import(`${base}app.js`);
  for (const path of appConfig.pages)
    await load(path).catch((error) => problem(error, `${path}.js`));
  for (const name of ['onLaunch', 'onShow'])
    hook(application, name, { path: appConfig.pages[0], query: {} });
  open(`/${appConfig.pages[0]}`);
}

const { my, authorize } = createMy({
  state,
  bench,
  supported,
  report,
  origin,
  route,
  problem,
  consent,
  screen,
});
Object.assign(window, {
  my,
  App: (it) => {
    application = it;
  },
  Page: (it) => {
    declared = it;
  },
  getApp: () => application,
});
$('back').onclick = () => my.navigateBack();
addEventListener(
  'click',
  (event) => {
    state.touched = true;
    if (!bench.order.twice || !event.isTrusted) return;
    event.stopPropagation(); // both taps at once, before anything is drawn
    report({ kind: 'taps', title: '×2', says: 'double-tap' });
    event.preventDefault();
    event.target.click();
    event.target.click();
  },
  true,
);
addEventListener('error', ({ error }) => problem(error));
addEventListener('unhandledrejection', ({ reason }) => problem(reason, `${route()}.js`));
boot();
