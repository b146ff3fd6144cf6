// The mini-program's `my`: each call goes through call(), which reports it to the workbench.
import { bench } from '../device.js';
import { alert, confirm, hideLoading, showLoading, showToast } from '../dialogs.js';
import { navigateBack, navigateTo } from '../pages.js';
import { getAuthCode, getAuthUserInfo, getOpenUserInfo } from './authorisation.js';
import { call } from './call.js';
import { httpRequest, request } from './request.js';
import * as storage from './storage.js';

/** @type {Record<string, Work>} */
const WORK = {
  getAuthCode,
  getAuthUserInfo,
  getOpenUserInfo,
  ...storage,
  showToast,
  showLoading,
  hideLoading,
  alert,
  confirm,
  navigateTo,
  navigateBack,
};

/** @type {Map<string, Api>} */
const apis = new Map([
  ['request', request],
  ['httpRequest', httpRequest],
]);
for (const [name, work] of Object.entries(WORK))
  apis.set(name, (options = {}) => call(name, options, work));

/**
 * A my.* that is switched off reads as undefined, as on an old Alipay.
 * @type {(_: object, name: string) => Api | undefined}
 */
function get(_, name) {
  return name === bench.order.missing ? undefined : apis.get(name);
}

/** @type {Record<string, Api>} */
export const my = new Proxy({}, { get });
