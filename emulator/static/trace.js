// The trace: a row for each step, in three lanes; it opens to all that is known about the step.
import { $, copyButton, fill, h, pretty, say, words } from './dom.js';

// lane, title, key of the sentence, outcome
const KINDS = {
  call: ({ api, args: { sentTo, method }, ok = 'working' }) => [
    'client', `my.${api}${sentTo ? ` → ${method} ${new URL(sentTo).pathname}` : ''}`, api, { true: 'ok', false: 'failed' }[ok] ?? ok],
  refused: ({ where }) => ['client', where, 'refused', 'failed'],
  request: ({ method, path, status }) => ['server', `${method} ${path}`, `${method} ${path.split('?')[0]}`, status],
  exchange: ({ method, verified }) => ['alipay', method, method, verified ? 'verified' : 'unverified'],
  store: ({ changed }) => ['server', 'members', ...changed ? ['changed', 'saved'] : ['unchanged', 'same']],
};
const scroll = $('scroll'), rows = $('steps').children; // rows[i] shows steps[i]
export const steps = [];
let follow = true; // the newest step, until somebody scrolls up
const keepUp = () => { if (follow) scroll.scrollTop = scroll.scrollHeight; };
scroll.onscroll = () => { follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40; };
new ResizeObserver(keepUp).observe(scroll);

export function clearTrace() {
  steps.length = 0;
  fill($('steps'));
}

/** What the server did for a call of the phone stands right after that call, however late it is told. */
export function addStep(step) {
  const last = step.trace ? steps.findLastIndex(({ trace }) => trace === step.trace) : -1, at = last < 0 ? steps.length : last + 1;
  const details = h('details', {}, h('summary'), h('div', { className: 'inside' }));
  $('steps').insertBefore(h('li', { data: { testid: 'trace-step', kind: step.kind } }, details), rows[at] ?? null);
  steps.splice(at, 0, step);
  draw(at, step);
  keepUp();
}

/** A call of the phone has returned: complete its row, if the trace was not cleared meanwhile. */
export function endCall({ trace, ok, result }) {
  const at = steps.findIndex(step => step.kind === 'call' && step.trace === trace), step = steps[at];
  if (step) draw(at, Object.assign(step, { ok, result, elapsed_ms: Date.now() - step.at * 1000 }));
}

export const failed = step => step.ok === false || step.status >= 400 || Boolean(step.error) || step.kind === 'refused';

function draw(at, step) {
  const row = rows[at], [summary, inside] = row.firstChild.children;
  const [lane, title, key, outcome] = KINDS[step.kind](step), sentence = words.steps[key];
  const code = step.error?.code ?? (step.ok === false && step.result.error);
  const took = step.elapsed_ms === undefined ? '' : `${Math.round(step.elapsed_ms)} ms`;
  const chips = [outcome, code, step.args?.forged && 'forged'].filter(Boolean);
  row.className = `${lane} ${failed(step) ? 'bad' : sentence ? '' : 'minor'}`;
  fill(summary, h('span', { className: 'lane' }, say(words.lanes[lane])), h('code', {}, title),
    chips.map(word => h('span', { className: `chip ${word}` }, say(word))),
    h('span', { className: 'ms' }, took), h('span', { className: 'what' }, sentence && say(sentence)));
  fill(inside,
    h('p', {}, h('code', {}, step.function ?? step.where), ` ${new Date(step.at * 1000).toLocaleTimeString('sv')}`),
    words.parts.filter(({ name }) => step[name] !== undefined).map(part =>
      h('section', {}, h('h3', {}, say(part)), PARTS[part.name]?.(step) ?? block(step[part.name]))),
    h('p', {}, copyButton(step.curl ? 'copy-curl' : 'copy-json', () => step.curl ?? pretty(step))));
  fill($('news'), title, ' ', chips.map(say));
}

const block = value => h('pre', {}, pretty(value) || say('nothing'));

const table = values => h('table', {}, Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) =>
  h('tr', {}, h('th', { scope: 'row' }, h('code', {}, name), words.parameters[name] && h('small', {}, say(words.parameters[name]))),
    h('td', {}, pretty(value)))));

const PARTS = {
  args: ({ args }) => table(args),
  parameters: ({ parameters }) => table(parameters),
  verified: ({ verified, error }) => h('p', {}, say(verified ? 'verified' : 'unverified'), error && ` · ${error.code}`),
  raw: ({ raw: { before, signed, after }, verified }) =>
    h('pre', {}, before, signed && h('mark', { className: verified ? 'good' : 'bad' }, signed), after),
};
