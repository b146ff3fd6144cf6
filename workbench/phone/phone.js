// The phone: runs a mini-program's own files, unchanged, and tells the workbench what happens.
import { byId } from './dom.js';
import { Page, readJSON, readPage, readStyle, run } from './files.js';
import { my } from './my/index.js';
import { app, definitions, navigateTo } from './navigation.js';
import { hook } from './page.js';
import { problem } from './problems.js';
import { route } from './stack.js';
import { bench, phone, report } from './workbench.js';

/** The options of the mini-program's App({…}); getApp() gives them. */
let application = {};

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

/** A mistake in one page leaves the others alone. @param {string} path @param {string} title */
async function definePage(path, title) {
  try {
    definitions.set(path, await readPage(path, title));
  } catch (error) {
    problem(error, `${path}.js`);
  }
}

/** Are these the two taps of a double tap? */
let isTwice = false;

/** Both taps of a double tap in one moment, before anything is drawn. @param {MouseEvent} event */
function tapTwice(event) {
  event.stopPropagation();
  event.preventDefault();
  report({ kind: 'taps', title: '×2', says: 'double-tap' });
  const element = /** @type {HTMLElement} */ (event.target);
  isTwice = true;
  element.click();
  element.click();
  isTwice = false;
}

function listen() {
  byId('back').onclick = () => my.navigateBack();
  const whileCapturing = true; // before the mini-program sees it
  addEventListener(
    'click',
    (event) => {
      phone.isTouched = true;
      if (bench.order.twice && !isTwice) tapTwice(event);
    },
    whileCapturing,
  );
  addEventListener('error', ({ error }) => problem(error));
  addEventListener('unhandledrejection', ({ reason }) => problem(reason, `${route()}.js`));
}

/** What a mini-program finds beside the language itself. */
Object.assign(window, {
  my,
  Page,
  App(/** @type {object} */ options) {
    application = options;
  },
  getApp: () => application,
});
listen();
start();
