// The operators of {{ }}. None has an effect, so both sides of && and || are always read.

/** @type {Operation} */
const either = (_, left, right) => left || right;

/** @type {Operation} */
const both = (_, left, right) => left && right;

/** The mini-program's own == is the loose one. @type {Operation} */
function equality(sign, left, right) {
  if (sign === '==') return left == right;
  if (sign === '!=') return left != right;
  if (sign === '===') return left === right;
  return left !== right;
}

/** @type {Operation} */
function comparison(sign, left, right) {
  if (sign === '<') return left < right;
  if (sign === '>') return left > right;
  if (sign === '<=') return left <= right;
  return left >= right;
}

/** @type {Operation} */
const sum = (sign, left, right) => (sign === '+' ? left + right : left - right);

/** @type {Operation} */
function product(sign, left, right) {
  if (sign === '*') return left * right;
  if (sign === '/') return left / right;
  return left % right;
}

/** The operators between two values: those that bind the weakest come first. */
export const LEVELS = [
  { signs: ['||'], operate: either },
  { signs: ['&&'], operate: both },
  { signs: ['==', '!=', '===', '!=='], operate: equality },
  { signs: ['<', '>', '<=', '>='], operate: comparison },
  { signs: ['+', '-'], operate: sum },
  { signs: ['*', '/', '%'], operate: product },
];

/** The operators before one value. */
export const SIGNS = ['!', '-', '+'];

/** @type {(sign: string, value: Data) => Data} */
export function applySign(sign, value) {
  if (sign === '!') return !value;
  return sign === '-' ? -value : +value;
}
