// The operators of {{ }}. None has an effect, so both sides of && and || are always read.

/** @type {Operation} */
const logic = (sign, left, right) => (sign === '||' ? left || right : left && right);

/** The mini-program's own == is the loose one. @type {Operation} */
function comparison(sign, left, right) {
  if (sign === '==') return left == right;
  if (sign === '!=') return left != right;
  if (sign === '===') return left === right;
  if (sign === '!==') return left !== right;
  if (sign === '<') return left < right;
  if (sign === '>') return left > right;
  if (sign === '<=') return left <= right;
  return left >= right;
}

/** @type {Operation} */
function arithmetic(sign, left, right) {
  if (sign === '+') return left + right;
  if (sign === '-') return left - right;
  if (sign === '*') return left * right;
  if (sign === '/') return left / right;
  return left % right;
}

/** The operators between two values: those that bind the weakest come first. */
export const LEVELS = [
  { signs: ['||'], operate: logic },
  { signs: ['&&'], operate: logic },
  { signs: ['==', '!=', '===', '!=='], operate: comparison },
  { signs: ['<', '>', '<=', '>='], operate: comparison },
  { signs: ['+', '-'], operate: arithmetic },
  { signs: ['*', '/', '%'], operate: arithmetic },
];

/** The operators before one value. */
export const SIGNS = ['!', '-', '+'];

/** @type {(sign: string, value: Data) => Data} */
export function applySign(sign, value) {
  if (sign === '!') return !value;
  return sign === '-' ? -value : +value;
}
