// Text with {{ }} in it, between two tags or in an attribute: read once, when the page is loaded,
// and compiled into a function of the scope. {{ }} reaches own properties only; it can't call
// functions and assigns nothing.

const NAME = String.raw`[\p{L}_$][\p{L}\d_$]*`;
const NUMBER = String.raw`\d*\.?\d+`;
const STRING = String.raw`'[^'\n]*'|"[^"\n]*"`;
const SIGN = String.raw`\.{3}|[=!]==?|[<>]=|&&|\|\||\+\+|--|[-+*/%<>!?:.,()[\]{}]`;
const TOKEN = new RegExp(String.raw`\s*(${NAME}|${NUMBER}|${STRING}|${SIGN})`, 'uy');
const IS_NAME = /^[\p{L}_$]/u;
const IS_STRING = /^['"]/;
const IS_NUMBER = /\d/;

/** @type {Record<string, string>} */
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' };

/** @type {Record<string, Data>} */
const LITERALS = { true: true, false: false, null: null };

/**
 * The operators between two values, level by level; the first binds the weakest. None has an
 * effect, so both sides of && and || are always read.
 * @type {Record<string, Binary>[]}
 */
const BINARY = [
  { '||': (left, right) => left || right },
  { '&&': (left, right) => left && right },
  {
    '==': (left, right) => left == right, // eslint-disable-line eqeqeq
    '!=': (left, right) => left != right, // eslint-disable-line eqeqeq
    '===': (left, right) => left === right,
    '!==': (left, right) => left !== right,
  },
  {
    '<': (left, right) => left < right,
    '>': (left, right) => left > right,
    '<=': (left, right) => left <= right,
    '>=': (left, right) => left >= right,
  },
  {
    '+': (left, right) => left + right,
    '-': (left, right) => left - right,
  },
  {
    '*': (left, right) => left * right,
    '/': (left, right) => left / right,
    '%': (left, right) => left % right,
  },
];

/** The operators before one value. @type {Record<string, Unary>} */
const UNARY = {
  '!': (value) => !value,
  '-': (value) => -value,
  '+': (value) => +value,
};

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/** Whether a key leads to a prototype. @type {(key: Data) => boolean} */
export const isForbidden = (key) => FORBIDDEN.includes(String(key));

/** An own property, or undefined. @type {(object: Data, key: PropertyKey) => Data} */
export function own(object, key) {
  if (object == null || !Object.hasOwn(Object(object), key)) return undefined;
  return object[key];
}

/** A value as text on the page. @type {(value: Data) => string} */
export const show = (value) => (value == null ? '' : String(value));

/**
 * Compiles the text from `start` to the character `stop` ('' for none) or the end. A lone {{ }}
 * keeps its type, all else is text. With `asObject` each {{ }} is the inside of an object, as in
 * <template data="{{a, b: 1}}">.
 * @type {CompileText}
 */
export function compileText(source, start, stop, refuse, asObject) {
  /** @type {Value[]} */
  const parts = [];
  let at = start;
  while (at < source.length && source[at] !== stop) {
    const part = source.startsWith('{{', at)
      ? compileExpression(source, at + 2, refuse, asObject)
      : plainText(source, at, stop, refuse);
    parts.push(part.value);
    at = part.end;
  }
  if (parts.length === 1) return { value: parts[0], end: at };
  return { value: (scope) => parts.map((part) => show(part(scope))).join(''), end: at };
}

/**
 * The text before the next {{, the character `stop` or the end; a line break counts as a space.
 * @type {(source: string, start: number, stop: string, refuse: Refuse) => Compiled}
 */
function plainText(source, start, stop, refuse) {
  let end = start;
  while (end < source.length && source[end] !== stop && !source.startsWith('{{', end)) end += 1;
  const text = source
    .slice(start, end)
    .replace(
      /&(\w+);/g,
      (whole, name, offset) => own(ENTITIES, name) ?? refuse(`不支持 ${whole}`, start + offset),
    )
    .replace(/\s*\n\s*/g, ' ');
  return { value: () => text, end };
}

/**
 * The expression that starts at `start`, after its {{.
 * @type {(source: string, start: number, refuse: Refuse, asObject: boolean) => Compiled}
 */
function compileExpression(source, start, refuse, asObject) {
  const compiler = new Compiler(source, start, refuse);
  const value = compiler.expression(asObject);
  return { value, end: compiler.end };
}

const constant = (/** @type {Data} */ value) => () => value;

/** Descends from the weakest operator to the strongest; each method reads one kind of thing. */
class Compiler {
  /** The token to be read next, where it starts and where it ends. */
  token = '';
  at = 0;
  end = 0;

  /** @param {string} source @param {number} start @param {Refuse} refuse */
  constructor(source, start, refuse) {
    this.source = source;
    this.end = start;
    /** @type {Refuse} */
    this.refuse = refuse;
    this.advance();
  }

  /** Goes on to the next token; returns the one before it. */
  advance() {
    const read = this.token;
    TOKEN.lastIndex = this.end;
    const found = TOKEN.exec(this.source) ?? this.refuse('{{ }} 写法有误', this.end);
    this.token = found[1];
    this.end = TOKEN.lastIndex;
    this.at = this.end - this.token.length;
    return read;
  }

  /** Reads this sign if it comes next. @param {string} sign */
  take(sign) {
    if (this.token !== sign) return false;
    this.advance();
    return true;
  }

  /** @param {string} sign */
  need(sign) {
    if (!this.take(sign)) this.refuse(`此处应为 ${sign}，不是 ${this.token}`, this.at);
  }

  /** The whole of it. Both } of the end stand together; nothing is read after them. */
  expression(/** @type {boolean} */ asObject) {
    const value = asObject ? this.object() : this.conditional();
    if (!asObject) this.need('}');
    const isClosed = this.token === '}' && this.source[this.at - 1] === '}';
    return isClosed ? value : this.refuse('{{ }} 没有结束', this.at);
  }

  /** test ? yes : no @returns {Value} */
  conditional() {
    const test = this.binary(0);
    if (!this.take('?')) return test;
    const yes = this.until(':');
    const no = this.conditional();
    return (scope) => (test(scope) ? yes(scope) : no(scope));
  }

  /** left + right, left && right, … @param {number} level @returns {Value} */
  binary(level) {
    if (level === BINARY.length) return this.unary();
    let value = this.binary(level + 1);
    let operate = own(BINARY[level], this.token);
    while (operate) {
      this.advance();
      value = apply(operate, value, this.binary(level + 1));
      operate = own(BINARY[level], this.token);
    }
    return value;
  }

  /** !value, -value, +value @returns {Value} */
  unary() {
    const operate = own(UNARY, this.token);
    if (!operate) return this.path();
    this.advance();
    const value = this.unary();
    return (scope) => operate(value(scope));
  }

  /** object.name[key], as deep as it goes */
  path() {
    let value = this.primary();
    while (['.', '[', '('].includes(this.token)) {
      if (this.token === '(') this.refuse('不能调用函数', this.at);
      value = this.take('.') ? this.property(value) : this.element(value);
    }
    return value;
  }

  /** .name @returns {Value} */
  property(/** @type {Value} */ object) {
    const name = this.name();
    return (scope) => own(object(scope), name);
  }

  /** [key]: a computed key is known only when it is read. @returns {Value} */
  element(/** @type {Value} */ object) {
    this.need('[');
    const { at } = this;
    if (IS_STRING.test(this.token)) this.permit(this.token.slice(1, -1), at);
    const key = this.until(']');
    return (scope) => own(object(scope), this.permit(key(scope), at));
  }

  /** A name, a value in brackets, a list, an object, a text or a number */
  primary() {
    if (IS_NAME.test(this.token)) return this.variable();
    if (this.take('(')) return this.until(')');
    if (this.take('[')) return this.list();
    if (this.take('{')) return this.object();
    return this.literal();
  }

  /** @returns {Value} */
  variable() {
    const name = this.name();
    const literal = own(LITERALS, name);
    return literal === undefined ? (scope) => own(scope, name) : constant(literal);
  }

  literal() {
    if (IS_STRING.test(this.token)) return constant(this.advance().slice(1, -1));
    if (IS_NUMBER.test(this.token)) return constant(Number(this.advance()));
    return this.refuse(`不支持 ${this.token}`, this.at);
  }

  /** A value, and the sign that has to follow it. @param {string} sign */
  until(sign) {
    const value = this.conditional();
    this.need(sign);
    return value;
  }

  /** [1, ...more] @returns {Value} */
  list() {
    const items = this.separated(']', () => this.item());
    return (scope) => items.flatMap((item) => item(scope));
  }

  /** One item of a list, as a list; of a spread, what it spreads. @returns {Value} */
  item() {
    const isSpread = this.take('...');
    const value = this.conditional();
    return isSpread ? (scope) => value(scope) ?? [] : (scope) => [value(scope)];
  }

  /** {a: 1, b, 'c-d': 2, ...more} @returns {Value} */
  object() {
    const entries = this.separated('}', () => this.entry());
    // a spread, not Object.assign: that would run the setter of __proto__
    return (scope) => entries.reduce((whole, entry) => ({ ...whole, ...entry(scope) }), {});
  }

  /** One entry of an object, as an object. @returns {Value} */
  entry() {
    if (this.take('...')) return this.conditional();
    const isQuoted = IS_STRING.test(this.token);
    const key = isQuoted ? this.quotedKey() : this.name();
    if (!isQuoted && this.token !== ':') return (scope) => ({ [key]: own(scope, key) });
    this.need(':');
    const value = this.conditional();
    return (scope) => ({ [key]: value(scope) });
  }

  quotedKey() {
    const { at } = this;
    return this.permit(this.advance().slice(1, -1), at);
  }

  name() {
    if (!IS_NAME.test(this.token)) this.refuse(`此处应为属性名，不是 ${this.token}`, this.at);
    const { at } = this;
    return this.permit(this.advance(), at);
  }

  /** Items with commas between them. @param {string} close @param {() => Value} read */
  separated(close, read) {
    const items = [];
    while (this.token !== close) {
      items.push(read());
      if (!this.take(',')) break;
    }
    this.need(close);
    return items;
  }

  /** The key, unless it leads to a prototype. @param {Data} key @param {number} at */
  permit(key, at) {
    return isForbidden(key) ? this.refuse(`不允许访问 ${key}`, at) : key;
  }
}

/** @type {(operate: Binary, left: Value, right: Value) => Value} */
function apply(operate, left, right) {
  return (scope) => operate(left(scope), right(scope));
}
