// The tags that the phone knows. To add one, add its row to TAGS; its looks go to phone.css.
// Every other tag, attribute and value is refused with its file and line.

const CONTROL = ['a:if', 'a:elif', 'a:else', 'a:for', 'a:for-item', 'a:for-index', 'a:key'];
const LOOKS = ['key', 'id', 'class', 'style', 'hidden', 'role', 'onTap', 'catchTap'];
const COMMON = [...CONTROL, ...LOOKS];
const AUTHORIZE = ['open-type', 'scope', 'onGetAuthorize', 'onError'];

/** The attributes of each tag. What has an id may have any data-* and aria-*, too. */
const TAGS = new Map([
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

/** The attributes that are there or not, whatever their value. */
const FLAGS = ['hidden', 'disabled', 'plain', 'loading', 'selectable', 'checked'];

/** The tags whose work is done by a native element inside, and the attributes that it gets. */
const NATIVE = new Map([
  ['image', { tag: 'img', properties: { alt: '' } }],
  ['checkbox', { tag: 'input', properties: { type: 'checkbox' } }],
]);
const NATIVE_ATTRIBUTE = /^(src|aria-.+|role|disabled|checked)$/;

/** @param {string} tag */
export const isTag = (tag) => TAGS.has(tag);

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

/** @param {string} name */
export const isFlag = (name) => FLAGS.includes(name);

/** @param {string} tag */
export const nativeOf = (tag) => NATIVE.get(tag);

/** @param {string} name */
export const isNative = (name) => NATIVE_ATTRIBUTE.test(name);
