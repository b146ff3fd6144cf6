// The device: what it runs and for whom, its open pages, and its line to the workbench around it.

const address = new URLSearchParams(location.search);

export const phone = {
  /** The mini-program and the member, by name. */
  app: address.get('app'),
  member: address.get('member'),
  /** The origin of the API_BASE in the mini-program's config.js. */
  apiOrigin: '',
  /** Whether the screen has been touched yet. */
  isTouched: false,
  /** The open pages; the last one lies on top and is seen. @type {OpenPage[]} */
  stack: [],
};

/** The path of the page that is seen; before the first one opens, that of the app. */
export const route = () => phone.stack.at(-1)?.route ?? 'app';

/** The folder of the mini-program that runs here, on the server. */
export const FILES = `/workbench/files/${phone.app}/`;

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** The language of the phone's own words is the page's; the mini-program's stay Chinese. */
export const isEnglish = () => document.documentElement.dataset.lang === 'en';
document.documentElement.dataset.lang = parent.document.documentElement.lang;

/** What the workbench has switched on: a fault of the phone, forged data. @type {Bench} */
export const bench = parent.bench ?? { order: {} };

/** Reports a step to the workbench. @param {{kind: string, [more: string]: any}} step */
export function report(step) {
  parent.postMessage({ phone: step }, location.origin);
}
