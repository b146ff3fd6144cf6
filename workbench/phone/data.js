// A mini-program's data, read and written without touching anything that is inherited.

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/** @type {(name: Data) => boolean} */
export const isForbidden = (name) => FORBIDDEN.includes(String(name));

/** An own property, or undefined. @type {(object: Data, key: PropertyKey) => Data} */
export function own(object, key) {
  if (object == null || !Object.hasOwn(Object(object), key)) return undefined;
  return object[key];
}

/** A value as text on the page. @type {(value: Data) => string} */
export const show = (value) => (value == null ? '' : String(value));

/**
 * One change of setData, at a path such as 'array[0].text'. What is missing on the way is made: a
 * list before a number, else an object.
 * @type {(data: Data, path: string, value: Data) => void}
 */
export function assign(data, path, value) {
  const keys = path.match(/[^.[\]]+/g) ?? [];
  if (keys.length === 0 || keys.some(isForbidden)) throw new Error(`setData: ${path}`);
  let object = data;
  keys.slice(0, -1).forEach((key, i) => {
    const isList = /^\d+$/.test(keys[i + 1]);
    if (own(object, key) == null) object[key] = isList ? [] : {};
    object = object[key];
  });
  object[keys[keys.length - 1]] = value;
}
