// The phone: runs a mini-program's own files, unchanged, as Alipay would, and tells the workbench what happens.
import { convert } from './acss.js';
import { parse } from './axml.js';
import { assign } from './expression.js';
import { createMy } from './my.js';
import { refuser } from './refusal.js';
import { expand, morph } from './render.js';

const query = new URLSearchParams(location.search), app = query.get('app') ?? 'miniprogram', base = `/workbench/files/${app}/`;
const state = { member: query.get('member'), fail: null, missing: [], forge: null }; // as the workbench orders
const supported = await (await fetch('supported.json')).json();
const pages = {}, stack = []; // what app.json lists, by path; what is open, the visible one last
let application = {}, appConfig, appStyle, loading, turn = Promise.resolve(), fading;
const $ = (id) => document.getElementById(id);
const report = (phone) => parent.postMessage({ phone }, location.origin);
const where = () => `${stack.at(-1)?.route ?? 'app'}.js`;

/** Shows an error with the file and line that it came from; what the phone does not support is reported as well. */
function problem(error, path = '') {
  const { message: said = error?.errorMessage ?? String(error), stack: trace } = error ?? {};
  const [, from = path, row = 0] = new RegExp(`${base}([^:?]+):(\\d+)`).exec(trace) ?? [], { file = from, line = Number(row) } = error ?? {};
  const unknown = /\bmy\.\w+(?= is not a function)/.exec(said)?.[0], message = unknown ? `模拟器不支持 ${unknown}` : said;
  console.error(`${file}:${line}`, error);
  $('problem-list').appendChild(document.createElement('li')).textContent = `${line ? `${file}:${line}` : file} ${message}`;
  $('problems').togglePopover(true);
  if (unknown || error?.file) report({ type: 'refused', message, file, line });
}
const attempt = (work) => { try { return work(); } catch (error) { return problem(error); } };
const hook = (object, name, argument) => attempt(() => object[name]?.(argument));

/** One dialog at a time; resolves with the value of the button, or 'back' (Escape, as Android's back key). */
const ask = (id, texts) => (turn = turn.then(() => new Promise((resolve) => {
  for (const [part, text = ''] of Object.entries(texts)) Object.assign($(`${id}-${part}`), { textContent: text, hidden: !text });
  $(id).returnValue = 'back';
  $(id).onclose = () => resolve($(id).returnValue);
  $(id).showModal();
})));
function consent({ avatar, nick_name: name, case: { zh } }) {
  $('consent-avatar').src = avatar ?? '';
  return ask('consent', { name: name ?? zh });
}
const screen = {
  showToast({ content = '', duration = 2000 }) {
    clearTimeout(fading);
    $('toast').textContent = content;
    if (content) fading = setTimeout(screen.showToast, duration, {});
  },
  hideToast: () => screen.showToast({}),
  showLoading: ({ content = '加载中…' }) => { $('loading').textContent = content; },
  hideLoading: () => screen.showLoading({ content: '' }),
  alert: async ({ title, content, buttonText: ok = '确定' }) => void await ask('notice', { title, content, ok, cancel: '' }),
  async confirm({ title, content, confirmButtonText: ok = '确定', cancelButtonText: cancel = '取消' }) {
    return { confirm: await ask('notice', { title, content, ok, cancel }) === 'ok' };
  },
  setNavigationBar: ({ title = '' }) => { stack.at(-1).title = document.title = $('title').textContent = title; },
  setClipboard: ({ text }) => navigator.clipboard.writeText(text),
  navigateTo: ({ url }) => open(url, stack.length),
  redirectTo: ({ url }) => open(url, stack.length - 1),
  reLaunch: ({ url }) => open(url, 0),
  navigateBack({ delta = 1 }) {
    if (stack.length < 2) return;
    close(Math.max(1, stack.length - delta));
    show();
  },
};

/** Opens a page above the first `keep` of the stack; those above them are closed. */
function open(url, keep) {
  const { pathname, searchParams } = new URL(url, `file:///${where()}`), route = pathname.slice(1);
  if (!pages[route]) throw new Error(`没有页面 ${url}`);
  const { options: { data = {}, ...options }, tree, config } = pages[route];
  if (keep === stack.length && keep) hook(stack.at(-1).page, 'onHide');
  close(keep);
  const page = { ...options, route, setData, data: structuredClone(typeof data === 'function' ? data() : data) };
  const element = $('pages').appendChild(document.createElement('page'));
  const resolve = (src) => src && new URL(src.replace(/^\//, ''), location.origin + base + (src[0] === '/' ? '' : route)).href;
  const call = (name, event, at) => attempt(() => (page[name] ?? tree.refuse(`没有处理函数 ${name}`, at)).call(page, event));
  let drawing;
  function draw() {
    const focused = document.activeElement;
    drawing = null;
    attempt(() => morph(element, expand(tree.children, page.data, tree), { tree, authorize, resolve, call }));
    if (focused.isConnected) focused.focus({ preventScroll: true }); // moving it took the focus away
  }
  function setData(changes, done) {
    for (const [path, value] of Object.entries(changes)) assign(page.data, path, value);
    drawing ??= Promise.resolve().then(draw);
    if (done) drawing.then(() => attempt(() => done.call(page)));
  }
  element.tabIndex = -1;
  stack.push({ route, page, element, title: config.defaultTitle ?? appConfig.window?.defaultTitle });
  hook(page, 'onLoad', Object.fromEntries(searchParams));
  show();
  draw();
  hook(page, 'onReady');
}
function close(keep) {
  for (const { page, element } of stack.splice(keep).reverse()) {
    hook(page, 'onUnload');
    element.remove();
  }
}
function show() {
  const { route, page, element, title } = stack.at(-1), look = { ...appConfig.window, ...pages[route].config };
  stack.forEach((view) => { view.element.hidden = view.element !== element; });
  document.adoptedStyleSheets = [appStyle, pages[route].style];
  $('bar').style.setProperty('--bar', look.titleBarColor ?? '');
  element.style.backgroundColor = look.backgroundColor ?? '';
  $('back').hidden = stack.length < 2;
  screen.setNavigationBar({ title });
  if (document.hasFocus()) element.focus({ preventScroll: true });
  report({ type: 'screen', page: route, title });
  hook(page, 'onShow');
}
async function read(path, missing) {
  const answer = await fetch(base + path);
  return answer.ok ? answer.text() : missing ?? refuser(path, '')('没有这个文件');
}
async function readJSON(path) {
  const source = await read(path), value = JSON.parse(source), names = Object.keys({ ...value, ...value.window });
  const unknown = names.find((name) => !supported.config.split(' ').includes(name));
  return unknown ? refuser(path, source)(`模拟器不支持 ${unknown}`, source.indexOf(`"${unknown}"`)) : value;
}
async function readStyle(path) { // in @scope it can't reach the phone's own parts
  const css = convert(await read(path, ''), path), sheet = new CSSStyleSheet();
  return sheet.replace(window.CSSScopeRule ? `@scope (main) {${css}}` : css);
}
async function load(path) {
  loading = {};
  await import(`${base}${path}.js`);
  const { options } = loading, config = await readJSON(`${path}.json`), style = await readStyle(`${path}.acss`);
  pages[path] = { options, config, style, tree: parse(await read(`${path}.axml`), `${path}.axml`, supported) };
}
async function boot() {
  appConfig = await readJSON('app.json');
  appStyle = await readStyle('app.acss');
  const settings = Object.values(await import(`${base}config.js`).catch(() => ({})));
  state.api = new URL(settings.find((value) => /^https?:/.test(value)) ?? location).origin;
  await import(`${base}app.js`);
  for (const path of appConfig.pages) await load(path).catch((error) => problem(error, `${path}.js`));
  for (const name of ['onLaunch', 'onShow']) hook(application, name, { path: appConfig.pages[0], query: {} });
  open(`/${appConfig.pages[0]}`, 0);
}

const { my, authorize, setMissing } = createMy({ app, state, supported, report, where, problem, consent, screen });
setMissing([]);
Object.assign(window, { my, App: (options) => { application = options; }, Page: (options) => { loading.options = options; },
  getApp: () => application, getCurrentPages: () => stack.map(({ page }) => page) });
$('back').onclick = () => my.navigateBack();
addEventListener('error', ({ error }) => problem(error));
addEventListener('unhandledrejection', ({ reason }) => problem(reason, where()));
addEventListener('message', ({ source, origin, data: { bench } }) => {
  if (source !== parent || origin !== location.origin || !bench) return;
  Object.assign(state, bench);
  setMissing(state.missing);
});
report({ type: 'ready' });
boot().catch((error) => problem(error, 'app.js'));
