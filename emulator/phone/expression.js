// {{ }}: own properties only, no calls, no assignment. Nothing has an effect, so both sides of ?: && || are evaluated.
const TOKEN =
  /\s*([\p{L}_$][\p{L}\d_$]*|\d*\.?\d+|'[^'\n]*'|"[^"\n]*"|\.{3}|[=!]==?|[<>]=|&&|\|\||\+\+|--|[-+*/%<>!?:.,()[\]{}])/uy;
const NAME = /^[\p{L}_$]/u,
  STRING = /^['"]/,
  BANNED = /^(__proto__|constructor|prototype)$/;
const LEVELS = [
  // weakest first
  { '||': (a, b) => a || b },
  { '&&': (a, b) => a && b },
  {
    '==': (a, b) => a == b,
    '!=': (a, b) => a != b,
    '===': (a, b) => a === b,
    '!==': (a, b) => a !== b,
  },
  { '<': (a, b) => a < b, '>': (a, b) => a > b, '<=': (a, b) => a <= b, '>=': (a, b) => a >= b },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b },
];
const UNARY = { '!': (value) => !value, '-': (value) => -value, '+': (value) => +value };
const WORDS = { true: true, false: false, null: null };
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' };

/** An own property or undefined: nothing inherited is in reach. */
export const own = (object, key) =>
  object != null && Object.hasOwn(Object(object), key) ? object[key] : undefined;
export const show = (value) => (value == null ? '' : String(value));
export function assign(data, path, value) {
  const keys = path.match(/[^.[\]]+/g);
  if (keys.some((key) => BANNED.test(key))) throw new Error(`setData: ${path}`);
  const last = keys.pop();
  keys.forEach((key, i) => {
    data = data[key] ??= /^\d+$/.test(keys[i + 1] ?? last) ? [] : {};
  });
  data[last] = value;
}

/** [value, offset after }}] of the expression at `end`; with `body` it is the inside of an object. */
function evaluate(source, end, scope, refuse, body) {
  let text, at;
  const next = () => {
    const word = text;
    TOKEN.lastIndex = end;
    [, text] = TOKEN.exec(source) ?? refuse('{{ }} 写法有误', end);
    end = TOKEN.lastIndex;
    at = end - text.length;
    return word;
  };
  const take = (sign) => text === sign && next();
  const need = (sign, value) => (take(sign) ? value : refuse(`此处应为 ${sign}，不是 ${text}`, at));
  const safe = (key) => (BANNED.test(key) ? refuse(`不允许访问 ${key}`, at) : key);
  const name = () => (NAME.test(text) ? safe(next()) : need('属性名'));
  const list = (close, item) => {
    const items = [];
    while (text !== close && items.push(item()) && take(','));
    return need(close, items);
  };
  const value = () => {
    const test = binary(0);
    if (!take('?')) return test;
    const yes = need(':', value()),
      no = value();
    return test ? yes : no;
  };
  const binary = (level) => {
    if (!LEVELS[level]) return unary();
    let left = binary(level + 1);
    while (own(LEVELS[level], text)) left = LEVELS[level][next()](left, binary(level + 1));
    return left;
  };
  const unary = () => (own(UNARY, text) ? UNARY[next()](unary()) : path(primary()));
  const path = (object) => {
    if (text === '(') refuse('不能调用函数', at);
    if (take('.')) return path(own(object, name()));
    return take('[') ? path(own(object, safe(need(']', value())))) : object;
  };
  const primary = () => {
    if (NAME.test(text)) return own({ ...scope, ...WORDS }, name());
    const word = next();
    if (STRING.test(word)) return word.slice(1, -1);
    if (/\d/.test(word)) return Number(word);
    if (word === '(') return need(')', value());
    if (word === '[') return list(']', () => (take('...') ? (value() ?? []) : [value()])).flat();
    return word === '{' ? object() : refuse(`不支持 ${word}`, at);
  };
  const object = () =>
    list('}', () => {
      if (take('...')) return value() ?? {};
      const quoted = STRING.test(text),
        key = quoted ? safe(next().slice(1, -1)) : name();
      return { [key]: quoted || text === ':' ? need(':', true) && value() : own(scope, key) };
    }).reduce((whole, part) => ({ ...whole, ...part }), {});

  next();
  const result = body ? object() : need('}', value());
  return text === '}' && source[at - 1] === '}' ? [result, end] : refuse('{{ }} 没有结束', at);
}

/** Text with {{ }}, from `at` to the character `stop` or the end: [value, offset]. A lone {{ }} keeps its type. */
export function interpolate(source, at, scope, refuse, stop, body) {
  const parts = [],
    decode = (whole, name, offset) => own(ENTITIES, name) ?? refuse(`不支持 ${whole}`, at + offset);
  while (at < source.length && source[at] !== stop) {
    let end = at,
      part;
    while (end < source.length && source[end] !== stop && !source.startsWith('{{', end)) end += 1;
    if (end > at)
      part = source
        .slice(at, end)
        .replace(/&(\w+);/g, decode)
        .replace(/\s*\n\s*/g, ' ');
    else [part, end] = evaluate(source, at + 2, scope, refuse, body);
    parts.push(part);
    at = end;
  }
  return [parts.length === 1 ? parts[0] : parts.map(show).join(''), at];
}
