// The source that made a step happen: the functions on the stack, innermost first.
import { ask, fill, h } from '/workbench/shared/dom.js';

/**
 * Each frame opens to its function's lines, which are fetched then; the first is open.
 * @type {(frames: Frame[]) => HTMLElement}
 */
export function drawFrames(frames) {
  const drawn = frames.map((frame, index) => {
    const title = h('code', {}, titleOf(frame, frame.function));
    const lines = h('pre', { tabIndex: 0 });
    const details = h('details', { className: 'frame' }, h('summary', {}, title), lines);
    details.ontoggle = () => details.open && show(lines, frame, title);
    details.open = index === 0;
    return details;
  });
  return h('div', {}, drawn);
}

/** @type {(frame: Frame, name: string) => string} */
const titleOf = ({ file, at }, name) => `${file}:${at}${name && ` · ${name}()`}`;

/**
 * The lines with their numbers; the one that was under way is marked.
 * @type {(element: HTMLElement, frame: Frame, title: HTMLElement) => Promise<void>}
 */
async function show(element, frame, title) {
  if (element.firstChild) return;
  const { file, at } = frame;
  const { function: name, first, lines } = await ask('GET', `source/${file}?line=${at}`);
  fill(title, titleOf(frame, frame.function || name));
  const drawn = lines.map((/** @type {string} */ line, /** @type {number} */ index) => {
    const number = first + index;
    const isAt = number === at;
    const properties = { className: isAt ? 'line at' : 'line', ariaCurrent: isAt ? 'true' : null };
    return h('span', properties, h('i', {}, number), line || ' ');
  });
  fill(element, drawn);
  const marked = element.querySelector('.at');
  if (marked) element.scrollTop = marked.offsetTop - 60;
}
