// What one can do with the trace: pause, go on step by step, enlarge, save. It follows the newest.
import { $, fill, h, root } from '/workbench/shared/dom.js';

const scroll = $('scroll');
/** How much may stay empty below the newest row, in pixels. */
const ROOM = 100;
let isPaused = false;
let follows = true; // the newest step, until somebody scrolls up

/** @type {(inOrder: () => Step[]) => void} */
export function startTools(inOrder) {
  scroll.onscroll = () => {
    follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  };
  new ResizeObserver(keepUp).observe(scroll);
  $('pause').onclick = () => pause(!isPaused);
  $('next').onclick = next;
  $('save').onclick = () => save(inOrder());
  $('projector').onclick = () => enlarge(!root.classList.contains('projector'));
  enlarge(sessionStorage.getItem('projector') === 'true');
  pause(false);
}

/** A new row is shown, or waits for its turn. @type {(row: HTMLElement) => void} */
export function arrive(row) {
  if (isPaused) row.classList.add('waiting');
  else announce(row);
  count();
}

/** @type {(row: HTMLElement) => void} */
function announce(row) {
  const said = row.querySelectorAll('summary > code, summary > .chip');
  fill($('news'), ...[...said].flatMap((part) => [part.textContent, ' ']));
  keepUp();
}

/** Shows the newest row. A row that the headings would cut goes on under them. */
function keepUp() {
  if (!follows) return;
  $('steps').style.paddingBottom = '0';
  scroll.scrollTop = scroll.scrollHeight;
  const { left, bottom, width } = $('lanes').getBoundingClientRect();
  const topmost = document.elementFromPoint(left + width / 2, bottom + 1);
  const cut = topmost?.closest('#steps h3, #steps [data-kind]')?.getBoundingClientRect();
  if (!cut || cut.top >= bottom || cut.bottom - bottom > ROOM) return;
  $('steps').style.paddingBottom = `${cut.bottom - bottom}px`;
  scroll.scrollTop = scroll.scrollHeight;
}

/** Those that wait, in the order in which they are shown. @type {() => HTMLElement[]} */
const waiting = () => [...$('steps').querySelectorAll('.waiting')];

function count() {
  const left = waiting().filter((row) => !row.classList.contains('minor')).length;
  fill($('waiting'), left);
  $('next').disabled = left === 0;
}

/** @type {Turn} */
function pause(on) {
  isPaused = on;
  $('pause').ariaPressed = String(on);
  $('next').hidden = !on;
  if (!on) for (const row of waiting()) row.classList.remove('waiting');
  unmark();
  count();
  keepUp();
}

function unmark() {
  $('steps').querySelector('.current')?.classList.remove('current');
}

/** Shows the next step, and the small ones before it. */
function next() {
  unmark();
  for (const row of waiting()) {
    row.classList.remove('waiting');
    if (row.classList.contains('minor')) continue;
    row.classList.add('current');
    announce(row);
    row.scrollIntoView({ block: 'nearest' });
    break;
  }
  count();
}

/** The projector mode: large type, and room for it. @type {Turn} */
function enlarge(on) {
  root.classList.toggle('projector', on);
  $('projector').ariaPressed = String(on);
  sessionStorage.setItem('projector', String(on));
}

/** @type {(steps: Step[]) => void} */
function save(steps) {
  const file = new Blob([JSON.stringify(steps, null, 2)], { type: 'application/json' });
  h('a', { href: URL.createObjectURL(file), download: 'trace.json' }).click();
}
