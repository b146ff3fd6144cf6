// One step of the trace: its row, and inside what is known of it, its point first.
import { $, copyButton, fill, h, pretty, say, words } from './dom.js';

const LONG = 40; // characters of an address; of a longer one its path is enough

/** @type {(step: Step) => boolean} */
export const failed = ({ outcome, error }) =>
  outcome === 'failed' || Number(outcome) >= 400 || Boolean(error);

/**
 * Storage, navigation and the like: nothing that there is a sentence for.
 * @type {(step: Step) => boolean}
 */
export const isMinor = (step) => !(step.meaning ?? words.steps[step.says]) && !failed(step);

/** @type {(row: HTMLElement, step: Step) => void} */
export function drawStep(row, step) {
  const details = /** @type {HTMLDetailsElement} */ (row.firstChild);
  const [summary, inside] = details.children;
  const { lane, title, says, meaning = words.steps[says], elapsed_ms: ms } = step;
  const time = h('small', {}, ms != null && `${Math.round(ms)} ms`);
  row.classList.add(lane);
  row.classList.toggle('bad', failed(step));
  row.classList.toggle('minor', isMinor(step));
  row.dataset.way = wayOf(step);
  fill(
    summary,
    h('i', { className: 'way', ariaHidden: 'true' }),
    h('span', { className: 'unseen' }, say(words.lanes[lane])),
    h('code', {}, say(shorten(title))),
    chipsOf(step).map((word) => h('span', { className: `chip ${word}` }, say(word))),
    h('span', { className: 'what' }, meaning && say(meaning), time),
  );
  const open = () => {
    if (details.open) fill(inside, ...contents(step));
  };
  details.ontoggle = () => {
    open();
    if (details.open) toTop(row);
  };
  open();
}

/**
 * Brings an opened row up to the headings of the lanes, so that its point is seen.
 * @type {(row: HTMLElement) => void}
 */
function toTop(row) {
  const edge = $('lanes').getBoundingClientRect().bottom;
  $('scroll').scrollTop += row.getBoundingClientRect().top - edge - 4;
}

/** Between which lanes it goes: the arrow. @type {(step: Step) => string} */
function wayOf({ kind, says }) {
  if (kind === 'exchange') return 'to-alipay';
  if (kind === 'message') return 'from-alipay';
  if (kind !== 'call') return '';
  if (/request$/i.test(says)) return 'to-server';
  return /^get(Auth|Open)/.test(says) ? 'to-alipay' : '';
}

/** How it ended, in a word or two. @type {(step: Step) => (string | number)[]} */
function chipsOf({ outcome, error, result, args }) {
  const code = error?.code ?? result?.error;
  return [outcome, code, args?.forged && 'forged'].filter(Boolean);
}

/** @type {(title: Both | string) => Both | string} */
function shorten(title) {
  const isLong = typeof title === 'string' && title.length > LONG;
  return isLong ? title.replace(/\?.*/, '?…') : title;
}

/**
 * Whatever is known of a step, in the order of words.parts; what is empty is left out.
 * @type {(step: Step) => HTMLElement[]}
 */
function contents(step) {
  const { title, curl, at } = step;
  /** @type {Record<string, any>} */
  const all = { ...step, address: shorten(title) === title ? null : title };
  const sections = words.parts
    .filter(({ name }) => !isEmpty(all[name]))
    .map((part) => {
      const draw = SHAPES[part.name] ?? block;
      return h(
        'section',
        { className: part.name },
        h('h4', {}, say(part)),
        draw(all[part.name], step, part.name),
      );
    });
  const copy = copyButton(curl ? 'copy-curl' : 'copy-json', () => curl ?? pretty(step));
  const time = new Date(at * 1000).toLocaleTimeString('sv');
  const from = step.function && h('code', {}, step.function);
  return [...sections, h('p', {}, copy, ' ', from, ` ${time}`)];
}

/** @type {(value: any) => boolean} */
function isEmpty(value) {
  if (typeof value !== 'object') return value === undefined;
  return Object.values(value ?? {}).every((one) => one === undefined);
}

/** @type {DrawPart} */
const block = (value) => h('pre', {}, say(pretty(value) || 'nothing'));

/** @type {DrawPart} */
function table(values, step, part) {
  /** @type {Record<string, Both>} */
  const meanings = part === 'args' ? words.args : words.parameters;
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  const lines = known.map(([name, value]) => {
    const meaning = meanings[name];
    const note = meaning && h('small', {}, say(meaning));
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, h('code', {}, name), note),
      h('td', {}, pretty(value)),
    );
  });
  return h('table', {}, lines);
}

/**
 * Whose key was tried on how many bytes, and whether it fits.
 * @type {(point: Point) => HTMLElement}
 */
function point({ key = 'alipay-key', sign_type: type, bytes, verdict }) {
  const tried = bytes ? [say(key), ` · ${type} · ${bytes} `, say('bytes'), ' · '] : [];
  return h('p', { className: verdict }, tried, say(verdict));
}

/**
 * The answer; the signed bytes are marked, in green only if the signature fits.
 * @type {(raw: Raw, step: Step) => HTMLElement}
 */
function raw({ before, signed, after }, { verified }) {
  const mark = signed && h('mark', { className: verified ? 'good' : 'bad' }, signed);
  return h('pre', {}, before, mark, after);
}

/**
 * What a write took away and what it added, field by field.
 * @type {(lines: Diff) => HTMLElement}
 */
function diff(lines) {
  const drawn = lines.map(([sign, field, value]) => {
    const isTime = field === 'first_seen' || field === 'profile_at';
    const shown = isTime ? new Date(value * 1000).toLocaleString('sv') : value;
    return h(sign === '+' ? 'ins' : 'del', {}, `${sign} ${field} ${shown}`);
  });
  return h('pre', {}, drawn);
}

/** How each part of a step is drawn, unless it is plain text. @type {Record<string, DrawPart>} */
export const SHAPES = { args: table, parameters: table, point, raw, diff };
