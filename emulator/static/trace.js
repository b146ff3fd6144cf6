// The trace: a row for each step, in three lanes, that opens to all that is known of it.
import { listen, tell } from './bus.js';
import { $, copyButton, fill, h, pretty, say, words } from './dom.js';

const scroll = $('scroll'),
  rows = $('steps').children; // rows[i] shows steps[i]
export const steps = [];
let follow = true; // the newest step, until somebody scrolls up
const keepUp = () => {
  if (follow) scroll.scrollTop = scroll.scrollHeight;
};
scroll.onscroll = () => {
  follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
};
new ResizeObserver(keepUp).observe(scroll);

export function start() {
  listen('step', addStep);
  listen('phone', (end) => tell('changed', { ...end, ...endCall(end) }));
  listen('reset', clearTrace);
  $('clear').onclick = () => {
    clearTrace();
    tell('cleared');
  };
  $('save').onclick = save;
}

function save() {
  const file = new Blob([JSON.stringify(steps, null, 2)], { type: 'application/json' });
  h('a', { href: URL.createObjectURL(file), download: 'trace.json' }).click();
}

function clearTrace() {
  steps.length = 0;
  fill($('steps'));
}

/** By time; but what the server did for a call stands right after it, however late it is told. */
export function addStep(step) {
  const last = step.trace ? steps.findLastIndex(({ trace }) => trace === step.trace) : -1;
  const at = 1 + (last < 0 ? steps.findLastIndex((before) => before.at <= step.at) : last);
  const row = h('li', {}, h('details', {}, h('summary'), h('div', { className: 'inside' })));
  Object.assign(row.dataset, { testid: 'trace-step', kind: step.kind });
  $('steps').insertBefore(row, rows[at] ?? null);
  steps.splice(at, 0, step);
  draw(at, step);
  keepUp();
}

/** Completes a returned call's row; gives its step, unless the trace was cleared meanwhile. */
function endCall({ trace, ...end }) {
  const at = steps.findIndex((step) => step.kind === 'call' && step.trace === trace),
    step = steps[at];
  if (step) draw(at, Object.assign(step, end, { elapsed_ms: Date.now() - step.at * 1000 }));
  return step;
}

export const failed = ({ outcome, error }) =>
  outcome === 'failed' || outcome >= 400 || Boolean(error);

function draw(at, step) {
  const row = rows[at],
    [summary, inside] = row.firstChild.children;
  const { lane, title, says, outcome } = step,
    sentence = words.steps[says];
  const code = step.error?.code ?? step.result?.error;
  const chips = [outcome, code, step.args?.forged && 'forged'].filter(Boolean);
  row.className = `${lane} ${failed(step) ? 'bad' : sentence ? '' : 'minor'}`;
  fill(
    summary,
    h('span', { className: 'lane' }, say(words.lanes[lane])),
    h('code', {}, title),
    chips.map((word) => h('span', { className: `chip ${word}` }, say(word))),
    h('span', { className: 'ms' }, step.elapsed_ms != null && `${Math.round(step.elapsed_ms)} ms`),
    h('span', { className: 'what' }, sentence && say(sentence)),
  );
  fill(
    inside,
    h(
      'p',
      {},
      h('code', {}, step.function),
      ` ${new Date(step.at * 1000).toLocaleTimeString('sv')}`,
    ),
    words.parts
      .filter(({ name }) => step[name] != null)
      .map((part) =>
        h(
          'section',
          {},
          h('h3', {}, say(part)),
          (SHAPES[part.name] ?? block)(step[part.name], step, part.name),
        ),
      ),
    h(
      'p',
      {},
      copyButton(step.curl ? 'copy-curl' : 'copy-json', () => step.curl ?? pretty(step)),
    ),
  );
  fill($('news'), title, ' ', chips.map(say));
}

const block = (value) => h('pre', {}, say(pretty(value) || 'nothing'));

const table = (values, step, part) =>
  h(
    'table',
    {},
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) =>
        h(
          'tr',
          {},
          h(
            'th',
            { scope: 'row' },
            h('code', {}, name),
            words[part][name] && h('small', {}, say(words[part][name])),
          ),
          h('td', {}, pretty(value)),
        ),
      ),
  );

const SHAPES = {
  args: table,
  parameters: table,
  raw: ({ before, signed, after }, { verified }) =>
    h(
      'pre',
      {},
      before,
      signed && h('mark', { className: verified ? 'good' : 'bad' }, signed),
      after,
    ),
};
