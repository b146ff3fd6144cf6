// The source that made a step happen: the functions on the stack, innermost first.
import { ask, fill, h } from './dom.js';

/** Each frame opens to its function's lines, which are fetched then; the first is open. */
export function drawFrames(/** @type {any[]} */ frames) {
  const drawn = frames.map((frame, index) => {
    const title = `${frame.file}:${frame.at}${frame.function && ` · ${frame.function}()`}`;
    const lines = h('pre', { tabIndex: 0 });
    const details = h(
      'details',
      { className: 'frame' },
      h('summary', {}, h('code', {}, title)),
      lines,
    );
    details.ontoggle = () => details.open && show(lines, frame);
    details.open = index === 0;
    return details;
  });
  return h('div', {}, drawn);
}

/** The lines with their numbers; the one that was under way is marked. */
async function show(/** @type {HTMLElement} */ element, /** @type {any} */ { file, at }) {
  if (element.firstChild) return;
  const { first, lines } = await ask('GET', `source/${file}?line=${at}`);
  const drawn = lines.map((/** @type {string} */ line, /** @type {number} */ index) => {
    const number = first + index;
    const isAt = number === at;
    const properties = { className: isAt ? 'line at' : 'line', ariaCurrent: isAt ? 'true' : null };
    return h('span', properties, h('i', {}, number), line || ' ');
  });
  fill(element, drawn);
  const marked = element.querySelector('.at');
  if (marked instanceof HTMLElement) element.scrollTop = marked.offsetTop - element.offsetTop - 60;
}
