// Text with {{ }} in it: between two tags, or the value of an attribute.
import { own, show } from './data.js';
import { compileExpression } from './expression.js';

/** @type {Record<string, string>} */
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' };

/**
 * Compiles the text from `start` to the character `stop` ('' for none) or the end. A lone {{ }}
 * keeps its type, all else is text. With `asObject` each {{ }} is the inside of an object.
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
 * What stands before the next {{, the character `stop` or the end; a line break counts as a space.
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
