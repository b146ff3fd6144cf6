// What stands around the phone: its address says what it runs and for whom, the workbench that
// holds it orders failures and hears of all that happens.

const address = new URLSearchParams(location.search);

export const phone = {
  /** The mini-program and the person, by name. */
  app: address.get('app'),
  member: address.get('member'),
  /** The origin of the API_BASE in the mini-program's config.js. */
  apiOrigin: '',
  /** Has somebody touched the screen yet? */
  isTouched: false,
};

/** The folder of the mini-program that runs here, on the server. */
export const FILES = `/workbench/files/${phone.app}/`;

/** @type {Bench} */
export const bench = parent.bench ?? { order: {} };

/** The frame's language, the page's own; what the mini-program says stays Chinese. */
export const isEnglish = () => document.documentElement.dataset.lang === 'en';
document.documentElement.dataset.lang = parent.document.documentElement.lang;

/** Tells the workbench what has happened here. @param {{kind: string, [more: string]: any}} step */
export function report(step) {
  parent.postMessage({ phone: step }, location.origin);
}
