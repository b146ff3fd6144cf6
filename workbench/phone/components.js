// What the phone supports: tags, their attributes and events. Everything else is refused with its
// file and line.
// To add a tag: its row in TAGS; what is on or off in FLAGS; what has few values in VALUES, by
// name, for every tag that has it. If a native element does its work: NATIVE, and in INNER what it
// needs under the same name. Its looks in phone.css. A new event: a listener in events.js
// and a trigger in tests/workbench/phone/page.mjs.

const CONTROL = ['a:if', 'a:elif', 'a:else', 'a:for', 'a:for-item', 'a:for-index', 'a:key'];
const COMMON = [...CONTROL, 'key', 'id', 'class', 'style', 'hidden', 'role', 'onTap', 'catchTap'];
const AUTHORIZE = ['open-type', 'scope', 'onGetAuthorize', 'onError'];

/** Each tag's attributes and events. A tag that may have an id may have any data-* and aria-*. */
export const TAGS = new Map([
  ['view', COMMON],
  ['text', [...COMMON, 'selectable']],
  ['image', [...COMMON, 'src', 'mode']],
  ['button', [...COMMON, 'type', 'size', 'plain', 'loading', 'disabled', ...AUTHORIZE]],
  ['checkbox', [...COMMON, 'checked', 'disabled']],
  ['template', [...CONTROL, 'name', 'is', 'data']],
  ['block', CONTROL],
]);

/** The attributes with few values. */
const VALUES = new Map([
  ['open-type', ['getAuthorize']],
  ['scope', ['userInfo']],
  ['type', ['default', 'primary', 'warn']],
  ['size', ['default', 'mini']],
  ['mode', ['scaleToFill', 'aspectFit', 'aspectFill', 'widthFix']],
]);

/** The attributes that are on or off. */
export const FLAGS = ['hidden', 'disabled', 'plain', 'loading', 'selectable', 'checked'];

/** The tags that hold nothing but a native element, which does their work; its first properties. */
export const NATIVE = new Map([
  ['image', { tag: 'img', properties: { alt: '' } }],
  ['checkbox', { tag: 'input', properties: { type: 'checkbox' } }],
]);

/**
 * Set on the native element, under the same name; all others are set on the one around it, where
 * the native element does not see them.
 */
export const INNER = /^(src|aria-.+|role|disabled|checked)$/;

/** @type {(tag: string, name: string) => boolean} */
export function allows(tag, name) {
  const known = TAGS.get(tag) ?? [];
  if (known.includes('id') && /^(data|aria)-/.test(name)) return true;
  return known.includes(name);
}

/** An empty value is always allowed. @type {(name: string, value: any) => boolean} */
export function allowsValue(name, value) {
  if (!value) return true;
  return VALUES.get(name)?.includes(value) ?? true;
}

/** On a device such a button does nothing at all, and reports nothing. */
export const NO_SCOPE =
  '<button open-type="getAuthorize"> 没有 scope，在真机上点了毫无反应；请写 scope="userInfo"';

/**
 * Makes the function that refuses a part of a file, with its line.
 * @type {(file: string, source: string) => Refuse}
 */
export function refuser(file, source) {
  return (message, at = 0) => {
    const line = source.slice(0, at).split('\n').length;
    throw Object.assign(new Error(message), { file, line });
  };
}
