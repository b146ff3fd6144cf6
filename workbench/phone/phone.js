// The phone: runs a mini-program's own files, byte for byte, and reports to the workbench what
// happens.
import { convert } from './acss.js';
import { parse } from './axml.js';
import { refuser } from './components.js';
import { byId, FILES, phone, route } from './device.js';
import { my } from './my/index.js';
import { app, definitions, hook, navigateTo } from './pages.js';
import { showProblem } from './problems.js';

const KEYFRAMES = /@keyframes[^{]*\{([^{}]*\{[^}]*\})*[^}]*\}/g;

/** The options of App({…}); getApp() returns them. */
let application = {};

/** The options of the newest Page({…}). @type {Definition['options']} */
let declared = {};

/** What a mini-program finds beside the language itself. */
Object.assign(window, {
  my,
  App(/** @type {object} */ options) {
    application = options;
  },
  getApp: () => application,
  Page(/** @type {Definition['options']} */ options) {
    declared = options;
  },
});

/** Starts the mini-program as Alipay does: app.json, app.js, the pages, then the first of them. */
async function start() {
  const { pages, window: look = {} } = await readJSON('app.json');
  app.style = await readStyle('app.acss');
  const { API_BASE } = await run('config.js');
  phone.apiOrigin = new URL(API_BASE).origin;
  await run('app.js');
  for (const path of pages) await definePage(path, look.defaultTitle);
  const launch = { path: pages[0], query: {} };
  hook(application, 'onLaunch', launch);
  hook(application, 'onShow', launch);
  navigateTo({ url: `/${pages[0]}` });
}

/** An error in one page leaves the others alone. @param {string} path @param {string} title */
async function definePage(path, title) {
  try {
    definitions.set(path, await readPage(path, title));
  } catch (error) {
    showProblem(error, `${path}.js`);
  }
}

/** The four files of a page. @type {(path: string, appTitle: string) => Promise<Definition>} */
async function readPage(path, appTitle) {
  await run(`${path}.js`);
  const options = declared;
  const { defaultTitle = appTitle } = await readJSON(`${path}.json`);
  const style = await readStyle(`${path}.acss`);
  const tree = parse(await readText(`${path}.axml`), `${path}.axml`);
  return { options, title: defaultTitle, tree, style };
}

/** Runs a script of the mini-program; returns what it exports. @param {string} path */
const run = (path) => import(`${FILES}${path}`);

/** @param {string} path */
async function readText(path) {
  const answer = await fetch(FILES + path);
  return answer.ok ? answer.text() : refuser(path, '')('没有这个文件');
}

/** @param {string} path */
const readJSON = async (path) => JSON.parse(await readText(path));

/** A style sheet that reaches only what is in <main>. @param {string} path */
async function readStyle(path) {
  const css = convert(await readText(path), path);
  const keyframes = css.match(KEYFRAMES) ?? []; // these can't be nested
  const rules = css.replace(KEYFRAMES, '');
  return new CSSStyleSheet().replace(`${keyframes.join('')} main {${rules}}`);
}

byId('back').onclick = () => my.navigateBack();
addEventListener('error', ({ error }) => showProblem(error));
addEventListener('unhandledrejection', ({ reason }) => showProblem(reason, `${route()}.js`));
start();
