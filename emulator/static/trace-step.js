// One step of the trace: its row, and inside what is known of it, its point first.
import { ask, copyButton, fill, h, pretty, say, words } from './dom.js';
import { drawFrames } from './trace-source.js';
import { toTop } from './trace-tools.js';

/** The words that only an opened step needs, once one was opened. @type {any} */
let deep;

const LONG = 40; // characters of an address; of a longer one its path is enough

/** Where the phone's calls go, those that leave it. @type {Record<string, string>} */
const WAYS = {
  request: 'to-server',
  httpRequest: 'to-server',
  getAuthCode: 'to-alipay',
  getAuthorize: 'to-alipay',
  getAuthUserInfo: 'to-alipay',
  getOpenUserInfo: 'to-alipay',
};

export const failed = (/** @type {any} */ { outcome, error }) =>
  outcome === 'failed' || outcome >= 400 || Boolean(error);

/** Storage, navigation and the like: nothing that words.json has a sentence for. */
export const isMinor = (/** @type {any} */ step) => !words.steps[step.says] && !failed(step);

export function drawStep(/** @type {HTMLElement} */ row, /** @type {any} */ step) {
  const details = /** @type {HTMLDetailsElement} */ (row.firstChild);
  const [summary, inside] = details.children;
  const { lane, title, says, elapsed_ms: ms } = step;
  const time = h('small', {}, ms != null && `${Math.round(ms)} ms`);
  const state = failed(step) ? 'bad' : isMinor(step) && 'minor';
  row.classList.remove('bad', 'minor');
  row.classList.add(...[lane, state].filter(Boolean));
  row.dataset.way = wayOf(step);
  fill(
    summary,
    h('i', { className: 'way', ariaHidden: 'true' }),
    h('span', { className: 'unseen' }, say(words.lanes[lane])),
    h('code', {}, say(shorten(title))),
    chipsOf(step).map((word) => h('span', { className: `chip ${word}` }, say(word))),
    h('span', { className: 'what' }, words.steps[says] && say(words.steps[says]), time),
  );
  const open = async () => {
    if (!details.open) return;
    deep ??= await ask('GET', 'words/trace');
    fill(inside, ...contents(step));
  };
  details.ontoggle = async () => {
    await open();
    if (details.open) toTop(row);
  };
  open();
}

/** Between which lanes it goes: the arrow. */
function wayOf(/** @type {any} */ { kind, says }) {
  if (kind === 'exchange') return 'to-alipay';
  return (kind === 'call' && WAYS[says]) || '';
}

/** How it ended, in a word or two. */
function chipsOf(/** @type {any} */ { outcome, error, result, args }) {
  const code = error?.code ?? result?.error;
  return [outcome, code, args?.forged && 'forged'].filter(Boolean);
}

/** @param {any} title text, or {zh, en} */
function shorten(title) {
  const isLong = typeof title === 'string' && title.length > LONG;
  return isLong ? title.replace(/\?.*/, '?…') : title;
}

/** Whatever is known of a step, in the order of deep.parts; what is empty is left out. */
function contents(/** @type {any} */ step) {
  const { title, curl, at } = step;
  const all = { ...step, address: shorten(title) === title ? null : title };
  const sections = deep.parts
    .filter((/** @type {any} */ { name }) => !isEmpty(all[name]))
    .map((/** @type {any} */ part) => {
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

function isEmpty(/** @type {any} */ value) {
  if (typeof value !== 'object') return value === undefined;
  return Object.values(value ?? {}).every((one) => one === undefined);
}

const block = (/** @type {any} */ value) => h('pre', {}, say(pretty(value) || 'nothing'));

function table(/** @type {any} */ values, /** @type {any} */ step, /** @type {string} */ part) {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  const lines = known.map(([name, value]) => {
    const meaning = deep[part][name];
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

/** Whose key was tried on how many bytes, and whether it fits. */
function point(/** @type {any} */ { sign_type: type, bytes, verdict }) {
  const tried = bytes ? [say('alipay-key'), ` · ${type} · ${bytes} `, say('bytes'), ' · '] : [];
  return h('p', { className: verdict }, tried, say(verdict));
}

/** The answer; the signed bytes are marked, in green only if the signature fits. */
function raw(/** @type {any} */ { before, signed, after }, /** @type {any} */ { verified }) {
  const mark = signed && h('mark', { className: verified ? 'good' : 'bad' }, signed);
  return h('pre', {}, before, mark, after);
}

/** What a write took away and what it added, field by field. */
function diff(/** @type {[string, string, any][]} */ lines) {
  const drawn = lines.map(([sign, field, value]) => {
    const isTime = field === 'first_seen' || field === 'profile_at';
    const shown = isTime ? new Date(value * 1000).toLocaleString('sv') : value;
    return h(sign === '+' ? 'ins' : 'del', {}, `${sign} ${field} ${shown}`);
  });
  return h('pre', {}, drawn);
}

/** @type {Record<string, (value: any, step: any, part: string) => HTMLElement>} */
const SHAPES = { args: table, parameters: table, point, raw, diff, frames: drawFrames };
