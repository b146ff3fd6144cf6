// my.setStorageSync and its kin: one store for each mini-program and person.
import { phone } from '../device.js';

/** @param {string} key */
const inStore = (key) => `phone:${phone.app}:${phone.member}:${key}`;

/** @param {{key: string, data?: any}} options */
export function setStorageSync({ key, data = null }) {
  localStorage.setItem(inStore(key), JSON.stringify(data));
}

/** `data` is null if nothing is stored. @param {{key: string}} options @returns {{data: any}} */
export function getStorageSync({ key }) {
  const text = localStorage.getItem(inStore(key));
  return { data: text === null ? null : JSON.parse(text) };
}

/** @param {{key: string}} options */
export function removeStorageSync({ key }) {
  localStorage.removeItem(inStore(key));
}
