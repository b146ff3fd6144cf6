// The trace: one row for each step, in order, in three lanes; a row opens to everything that is known about the step.
import { $, copyButton, h, pretty, say, words } from './dom.js';

const LANES = { call: 'client', screen: 'client', refused: 'client', request: 'server', store: 'server', exchange: 'alipay' };
const MINOR = /^(get|set|remove)Storage|^(show|hide)|^setNavigation|^canIUse|^getSystemInfo/;
const scroll = $('scroll');
let steps = []; // {step, row}
let follow = true; // the newest step, until somebody scrolls up
const keepUp = () => { if (follow) scroll.scrollTop = scroll.scrollHeight; };
scroll.onscroll = () => { follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40; };
new ResizeObserver(keepUp).observe(scroll);

export const allSteps = () => steps.map(({ step }) => step);

export function clearTrace() {
  steps = [];
  $('steps').replaceChildren();
  $('empty').hidden = false;
}

/** Add a step. What the server did for a call of the phone stands right after that call, however late it is told. */
export function addStep(step) {
  const row = h('li', { data: { testid: 'trace-step', kind: step.kind } });
  const entry = { step, row };
  const place = step.trace ? steps.findLastIndex(({ step: { trace } }) => trace === step.trace) : -1;
  steps.splice(place < 0 ? steps.length : place + 1, 0, entry);
  if (place < 0) $('steps').append(row);
  else steps[place].row.after(row);
  $('empty').hidden = true;
  draw(entry);
  keepUp();
  $('news').replaceChildren(title(step), ' ', ...verdict(step).map(say).flat());
}

/** A call of the phone has returned: complete its row. */
export function endCall({ id, ok, result, elapsed }) {
  const entry = steps.find(({ step }) => step.kind === 'call' && step.trace === id);
  if (!entry) return null; // the trace was cleared meanwhile
  Object.assign(entry.step, { ok, result, elapsed_ms: elapsed });
  draw(entry);
  return entry.step;
}

function title(step) {
  const { kind, api, args, method, path, page, file, line } = step;
  if (kind === 'call') return `my.${api}${args?.sentTo ? ` → ${args.method ?? 'GET'} ${new URL(args.sentTo).pathname}` : ''}`;
  return kind === 'request' ? `${method} ${path}` : kind === 'store' ? 'members' : method ?? page ?? `${file}:${line}`;
}

function sentence(step) {
  const key = step.kind === 'request' ? `${step.method} ${step.path.split('?')[0]}`
    : step.kind === 'store' ? (step.changed ? 'changed' : 'unchanged') : step.api ?? step.method ?? step.kind;
  return words.steps[key] ? say(words.steps[key]) : [step.message ?? ''];
}

export const failed = step => step.ok === false || step.status >= 400 || Boolean(step.error) || step.kind === 'refused';

/** The step's outcome in a few words. */
function verdict(step) {
  const { kind, ok, changed, verified, status, result, args } = step;
  const code = step.error?.code ?? step.answer?.error?.code ?? (ok === false ? result?.error : null);
  const word = { call: ok === undefined ? 'working' : ok ? 'ok' : 'failed', store: changed ? 'saved' : 'same',
    exchange: verified ? 'verified' : 'unverified', refused: 'failed', request: [status, status] }[kind];
  return [word, code && [code, code], args?.forged && 'forged'].filter(Boolean);
}

function draw({ step, row }) {
  const open = row.querySelector('details')?.open ?? false, focused = row.contains(document.activeElement);
  row.className = `${LANES[step.kind]} ${failed(step) ? 'bad' : MINOR.test(step.api) ? 'minor' : ''}`;
  const chips = verdict(step).map(word => h('span', { className: `chip ${word}` }, say(word)));
  row.replaceChildren(h('details', { open },
    h('summary', {}, h('span', { className: 'lane' }, say(words.lanes[LANES[step.kind]])), h('code', {}, title(step)), chips,
      h('span', { className: 'ms' }, milliseconds(step)), h('span', { className: 'what' }, sentence(step))),
    h('div', { className: 'inside' }, inside(step))));
  if (focused) row.querySelector('summary').focus();
}

const milliseconds = step => (step.elapsed_ms === undefined ? '' : `${Math.round(step.elapsed_ms)} ms`);
const part = (label, ...content) => h('section', {}, h('h3', {}, say(label)), ...content);
const block = value => h('pre', {}, pretty(value) || say('nothing'));

/** A table of parameters, each with what it is. */
function table(values) {
  return h('table', {}, Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) =>
    h('tr', {}, h('th', { scope: 'row' }, h('code', {}, name), words.parameters[name] && h('small', {}, say(words.parameters[name]))),
      h('td', {}, pretty(value)))));
}

function inside(step) {
  const parts = [part('function', h('code', {}, step.function ?? step.where ?? '—'),
    ` · ${new Date(step.at * 1000).toLocaleTimeString('sv')} · ${milliseconds(step)}`)];
  if (step.args) parts.push(part('arguments', table(step.args)));
  if (step.result !== undefined) parts.push(part('result', block(step.result)));
  if (step.kind === 'request') parts.push(part('sent', block(step.body)), part('answer', block(step.answer)));
  if (step.kind === 'exchange') parts.push(...exchange(step));
  if (step.kind === 'store') parts.push(part('rows', rows(step)));
  if (step.message) parts.push(part('refused', block(step.message)));
  return [...parts, h('p', {}, step.curl ? copyButton('copy-curl', () => step.curl) : copyButton('copy-json', () => pretty(step)))];
}

function exchange(step) {
  const { before, signed, after } = step.raw;
  const mark = signed && h('mark', { className: step.verified ? 'good' : 'bad' }, signed);
  return [
    part('verdict', h('p', {}, say(step.verified ? 'verified' : 'unverified'), step.error ? ` · ${step.error.message}` : '')),
    part('arguments', table({ ...step.parameters, sign: undefined })),
    part('string', block(step.string_to_sign)),
    part('signature', block(step.signature)),
    part(signed ? 'raw' : 'raw-unsigned', h('pre', {}, before, mark, after)),
  ];
}

/** The fields of a row that a request changed, before and after. */
function rows({ before, after }) {
  const pairs = (before.length > after.length ? before : after).map((_, i) => [before[i] ?? {}, after[i] ?? {}]);
  const changes = pairs.map(([was, now]) => Object.keys({ ...was, ...now }).filter(name => was[name] !== now[name])
    .map(name => [name, `${was[name] ?? '∅'} → ${now[name] ?? '∅'}`])).flat();
  return changes.length ? table(Object.fromEntries(changes)) : say(words.steps.unchanged);
}
