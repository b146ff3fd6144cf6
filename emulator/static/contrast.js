// The contrast: what the client was told, what our server saved, what a trusting server saved.
import { listen, tell } from './bus.js';
import { $, fill, h, say, words } from './dom.js';
import { bench, chosen } from './state.js';

const { morals, seals } = words;
const IDS = ['open_id', 'user_id'];
const OPEN = ['nick_name', 'avatar'];

/** Only what the phone's own calls have done is shown. */
const calls = new Set();
let now = { told: null, row: null, naive: null, gone: false };
let drawn;

export function start() {
  listen('phone', hearPhone);
  listen('step', hearServer);
  listen('naive', (naive) => draw({ naive }));
  listen('restart', () => draw({ told: null, row: null, naive: null, gone: false }));
  listen('state', () => draw({}));
}

/** Did this page's phone make the call? */
export const isOwn = (trace) => calls.has(trace);

export const shown = () => now;

export const restore = (kept) => draw(kept);

function hearPhone({ result }) {
  const said = result.response ? JSON.parse(result.response).response : result;
  if ('nickName' in said) draw({ told: { nick_name: said.nickName, avatar: said.avatar } });
}

function hearServer({ kind, trace, title, outcome, answer }) {
  if (kind === 'call') calls.add(trace);
  if (kind !== 'request' || !calls.has(trace) || outcome >= 400) return;
  if (answer?.member) draw({ row: answer.member, gone: false });
  if (title === 'DELETE /api/member') draw({ row: null, told: null, gone: true });
}

function draw(changes) {
  now = { ...now, ...changes };
  const state = JSON.stringify([now, bench.forge, chosen.identity]);
  if (drawn === state) return; // leave a selected text alone
  drawn = state;
  const { told, row, naive } = now;
  const columns = { client: claimed(), server: row, naive };
  drawColumns(columns);
  drawRest(row);
  const seal = { client: sealOf(told, bench.forge && 'lie'), server: sealOf(row, unfetched(row)) };
  seal.naive = sealOf(naive, naive && !naive.nick_name && 'nameless');
  for (const [name, key] of Object.entries(seal)) fill($(`${name}-seal`), said(seals[name + key]));
  const moral = moralOf();
  $('moral').dataset.moral = moral;
  fill($('moral'), said(morals[moral]));
  if (moral === 'nickname' || moral === 'somebody') tell('fooled', moral);
}

const unfetched = (row) => (row && !row.profile_at ? 'id' : '');

function sealOf(values, more) {
  if (more) return `-${more}`;
  return values ? '' : '-null';
}

/** What the client was told, and which id it knows itself by, or claims. */
function claimed() {
  const { told, row } = now;
  if (!told && !row) return null;
  const own = idsOf(row);
  const lie = bench.forge ?? {};
  return { ...told, ...own, ...idsOf(lie) };
}

const idsOf = (member) =>
  Object.fromEntries(IDS.filter((name) => member?.[name]).map((name) => [name, member[name]]));

/** Names go into the sentences that have a place for them. */
function said(both) {
  const put = (text) => text.replace(/\{(\w+)\}/, (_, who) => now[who]?.nick_name || '—');
  const all = (text) => put(put(text));
  return say({ zh: all(both.zh), en: all(both.en) });
}

/** Somebody else is signed in where the client's word is enough. */
const isSomebodyElse = () => now.naive && now.row && idText(now.naive, now.row) !== idText(now.row);

/** The ids; of those only that `known` has, too. */
const idText = (member, known = member) =>
  IDS.filter((name) => known?.[name] && member?.[name])
    .map((name) => member[name])
    .join('\n');

function moralOf() {
  if (isSomebodyElse()) return 'somebody';
  if (now.gone) return 'gone';
  if (!now.row) return 'nobody';
  if (isFooled()) return 'nickname';
  if (bench.forge) return 'armed';
  return now.row.profile_at ? honestMoral() : 'id';
}

function honestMoral() {
  const { told, row, naive } = now;
  if (!told) return 'untold';
  return same(told, row) && same(naive ?? {}, row) ? 'same' : 'told';
}

const isFooled = () => Boolean(now.row?.profile_at && now.naive && !same(now.naive, now.row));

const same = (some, others) => OPEN.every((name) => (some[name] || '') === (others[name] || ''));

function drawColumns(columns) {
  const before = { server: 'client', naive: 'server' };
  for (const [name, values] of Object.entries(columns)) {
    const left = columns[before[name]];
    for (const entry of $(name).children) {
      const { field } = entry.dataset;
      const value = valueOf(values, field, columns.server);
      const other = valueOf(left, field, columns.server);
      entry.classList.toggle('differs', Boolean(value && other && value !== other));
      fill(entry.querySelector('dd'), looks(field, value) ?? absent(name, field, values));
    }
  }
}

const valueOf = (values, field, row) => {
  if (field !== 'id') return values?.[field];
  return idText(values, row ?? values);
};

function looks(field, value) {
  if (!value) return undefined;
  if (field === 'avatar') return h('img', { src: value, alt: 'avatar', width: 40, height: 40 });
  return h('strong', { className: field.endsWith('id') ? 'id' : '' }, value);
}

/** Why a field is empty. */
function absent(column, name, values) {
  if (!values || (column !== 'server' && !(name in values))) return '—';
  if (column === 'client') return h('i', { className: 'absent' }, say('client-empty'));
  if (column === 'naive') return '—';
  return h('i', { className: 'absent' }, say(reason(name, values)));
}

function reason(name, row) {
  const { source, empty } = words.fields.find((field) => field.name === name);
  if (source === 'profile' && !row.profile_at) return 'not-fetched';
  if (name === 'nick_name' && words.nameless[row.user_type]) return words.nameless[row.user_type];
  if (name === 'union_id' && !row.open_id)
    return words.fields.find((f) => f.name === 'open_id').empty;
  return empty ?? 'not-given';
}

function drawRest(row) {
  const fields = words.fields.filter(({ name }) => !OPEN.includes(name));
  fill(
    $('rest'),
    fields.map((field) => entry(field, row ? restOf(field, row) : '—')),
  );
}

function entry(field, value) {
  const made = h('div', {}, h('dt', {}, say(field)), h('dd', {}, value));
  made.dataset.field = field.name;
  return made;
}

function restOf(field, row) {
  const value = row[field.name];
  if (!value) return absent('server', field.name, row);
  if (field.source === 'server') return new Date(value * 1000).toLocaleString('sv');
  const means = field.values?.[value];
  return [looks(field.name, value), means && h('i', {}, ' = ', say(means))];
}
