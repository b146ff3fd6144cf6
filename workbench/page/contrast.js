// The contrast: what the client read, what our server saved, what a trusting server saved.
import { $, fill, h, say, words } from '/workbench/shared/dom.js';
import { bench, chosen, listen, tell } from './state.js';

const { morals, seals } = words;
const IDS = ['open_id', 'user_id'];
const OPEN = ['nick_name', 'avatar'];

/** Only what the phone's own calls have done is shown. @type {Set<string | undefined>} */
const calls = new Set();
/** @type {Contrast} */
const NOTHING = { read: null, row: null, naive: null, gone: false };
export let now = NOTHING;
let drawn = '';

export function start() {
  const rest = words.fields.filter(({ name }) => !OPEN.includes(name));
  fill($('rest'), rest.map(entryOf));
  listen('phone', hearPhone);
  listen('step', hearServer);
  listen('naive', (naive) => draw({ naive }));
  listen('restart', () => draw(NOTHING));
  listen('state', draw);
}

/** Did this page's phone make the call? @type {(step: Step) => boolean} */
export const isOwn = ({ trace }) => calls.has(trace);

/** @type {(end: Return) => void} */
function hearPhone({ result }) {
  const given = result.response ? JSON.parse(result.response).response : result;
  if ('nickName' in given) draw({ read: { nick_name: given.nickName, avatar: given.avatar } });
}

/** @type {See} */
function hearServer({ kind, trace, title, outcome, answer, says, after = [] }) {
  if (kind === 'call') calls.add(trace);
  if (says === 'profile-withdrawn') hearWithdrawal(after);
  if (kind !== 'request' || !calls.has(trace) || outcome >= 400) return;
  if (answer?.member) draw({ row: answer.member, gone: false, withdrawn: false });
  if (title === 'DELETE /api/member') draw({ row: null, read: null, gone: true });
}

/**
 * A message of Alipay's, not a call of the phone, has changed these rows.
 * @type {(after: Member[]) => void}
 */
function hearWithdrawal(after) {
  const own = after.find((row) => now.row && idText(row, now.row) === idText(now.row, now.row));
  if (own) draw({ row: own, withdrawn: true });
}

/** @type {(changes?: Partial<Contrast> | void) => void} */
export function draw(changes) {
  now = { ...now, ...changes };
  const state = JSON.stringify([now, bench.forge, chosen.identity]);
  if (drawn === state) return; // leave a selected text alone
  drawn = state;
  const { read, row, naive } = now;
  const client = claimed();
  $('client-shown').hidden = Boolean(bench.forge);
  $('client-forged').hidden = !bench.forge;
  drawColumn('client', client);
  drawColumn('server', row, client);
  drawColumn('naive', naive, row);
  for (const entry of entriesOf('rest')) show(entry, restOf(fieldOf(nameOf(entry)), row));
  drawSeal('client', read, bench.forge && 'forged');
  drawSeal('server', row, row && !row.profile_at && 'id');
  drawSeal('naive', naive, naive && !naive.nick_name && 'nameless');
  const moral = moralOf();
  $('moral').dataset.moral = moral;
  fill($('moral'), filled(morals[moral]));
  if (moral === 'nickname' || moral === 'somebody') tell('fooled');
}

/** @type {(name: Column, values: Member | null, more?: string | false | null) => void} */
function drawSeal(name, values, more) {
  const key = more || (!values && 'null');
  fill($(`${name}-seal`), filled(seals[key ? `${name}-${key}` : name]));
}

/**
 * What the client read, and which id it knows itself by, or claims.
 * @returns {Member | null}
 */
function claimed() {
  const { read, row } = now;
  if (!read && !row) return null;
  return { ...read, ...idsOf(row), ...idsOf(bench.forge) };
}

/** @type {(member?: Member | null) => Member} */
const idsOf = (member) =>
  Object.fromEntries(Object.entries(member ?? {}).filter(([name]) => IDS.includes(name)));

/** Names go into the sentences that have a place for them. @type {(both: Both) => Child[]} */
function filled(both) {
  const row = now.row?.nick_name || '—';
  const naive = now.naive?.nick_name || '—';
  const meaning = words.glosses[naive];
  /** @type {Record<string, string>} */
  const names = { row, naive, 'naive-en': meaning ? ` (${meaning})` : '' };
  /** @type {(text: string) => string} */
  const put = (text) => text.replace(/\{([\w-]+)\}/g, (_, name) => names[name]);
  return say({ zh: put(both.zh), en: put(both.en) });
}

/**
 * The ids that both have, as the first has them.
 * @type {(member: Member | null, other: Member | null) => string}
 */
const idText = (member, other) =>
  IDS.filter((name) => other?.[name] && member?.[name])
    .map((name) => member?.[name])
    .join('\n');

function moralOf() {
  // Somebody else is signed in where the client's word is enough.
  if (idText(now.naive, now.row) !== idText(now.row, now.naive)) return 'somebody';
  if (now.gone) return 'gone';
  if (!now.row) return 'nobody';
  if (now.row.profile_at && OPEN.some(isForged)) return 'nickname';
  if (bench.forge) return 'armed';
  if (now.row.profile_at) return honestMoral();
  return now.withdrawn ? 'withdrawn' : 'id';
}

function honestMoral() {
  const { read, row, naive } = now;
  if (!read) return 'unread';
  return same(read, row) && same(naive, row) ? 'same' : 'differs';
}

/** The trusting server holds a forged value; an empty one is not forged. */
const isForged = (/** @type {string} */ name) =>
  now.naive?.[name] && now.naive[name] !== now.row?.[name];

/** @type {(some: Member | null, others: Member | null) => boolean} */
const same = (some, others) =>
  OPEN.every((name) => (some?.[name] || '') === (others?.[name] || ''));

/** A ≠ before what differs from the column to the left; what is not as verified is tinted. */
function drawColumn(/** @type {Column} */ name, /** @type {Member?} */ values, left = values) {
  for (const entry of entriesOf(name)) {
    const field = nameOf(entry);
    const value = valueOf(values, field);
    entry.classList.toggle('differs', areUnlike(value, valueOf(left, field)));
    entry.classList.toggle('untrue', areUnlike(value, valueOf(now.row, field)));
    show(entry, looks(field, value) ?? absent(name, field, values));
  }
}

const entriesOf = (/** @type {string} */ list) => $(list).querySelectorAll('[data-field]');

const nameOf = (/** @type {HTMLElement} */ entry) => String(entry.dataset.field);

/** @type {(field: Field) => HTMLElement} */
function entryOf(field) {
  const entry = h('div', {}, h('dt', {}, say(field)), h('dd', {}, '—'));
  entry.dataset.field = field.name;
  return entry;
}

/** @type {(entry: HTMLElement, value: Child | Child[]) => void} */
function show(entry, value) {
  fill(/** @type {HTMLElement} */ (entry.querySelector('dd')), value);
}

/** @type {(value: unknown, other: unknown) => boolean} */
const areUnlike = (value, other) => Boolean(value && other && value !== other);

/** @type {(values: Member | null, field: string) => any} */
function valueOf(values, field) {
  if (!values || field !== 'id') return values?.[field];
  return idText(values, now.row ?? values);
}

/** @type {(field: string, value: any) => Child} */
function looks(field, value) {
  if (!value) return undefined;
  if (field === 'avatar') return h('img', { src: value, alt: 'avatar', width: 40, height: 40 });
  const shown = h('strong', { className: field.endsWith('id') ? 'id' : '' }, value);
  const meaning = words.glosses[value];
  if (meaning) shown.dataset.gloss = meaning;
  return shown;
}

/** Why a field is empty. @type {(column: Column, name: string, values: Member | null) => Child} */
function absent(column, name, values) {
  const isUnread = column === 'client' && values && !(name in values);
  if (!values || column === 'naive' || isUnread) return '—';
  const why = column === 'client' ? 'client-empty' : reason(name, values);
  return h('i', { className: 'absent' }, say(why));
}

/** @type {(name: string, row: Member) => Phrase} */
function reason(name, row) {
  const { source, empty } = fieldOf(name);
  if (source === 'profile' && !row.profile_at) return 'not-fetched';
  if (name === 'nick_name' && words.nameless[row.user_type]) return words.nameless[row.user_type];
  const isOfOpenId = name === 'union_id' && !row.open_id;
  return (isOfOpenId ? fieldOf('open_id').empty : empty) ?? 'not-given';
}

/** @type {(name: string) => Field} */
const fieldOf = (name) => /** @type {any} */ (words.fields.find((field) => field.name === name));

/** @type {(field: Field, row: Member | null) => Child | Child[]} */
function restOf(field, row) {
  const value = row?.[field.name];
  if (!value) return absent('server', field.name, row);
  if (field.source === 'server') return new Date(value * 1000).toLocaleString('sv');
  const means = field.values?.[value];
  return [looks(field.name, value), means && h('i', {}, ' = ', say(means))];
}
