// The panel "what broke": the newest failure, with its hint and the question for Alipay's support.
import { listen } from './bus.js';
import { $, copyButton, fill, h, say, words } from './dom.js';
import { chosen, opened } from './state.js';
import { failed } from './trace.js';

let broken;

export function start() {
  listen('step', (step) => {
    if (step.n && step.at >= opened) explain(step);
  });
  listen('changed', explain);
  for (const moment of ['restart', 'fault', 'cleared'])
    listen(moment, () => {
      $('failure').open = false;
    });
}

/** Shows the newest failure; marks it once the same works again. */
function explain(step) {
  const { title, error } = step;
  if (!failed(step) && (title === broken || chosen.app === 'mistakes'))
    $('failure').classList.add('mended');
  if (!error) return;
  const { code, message = '', hint, report } = error;
  const known = words.failures.find((failure) => failure.code === code);
  const way = known?.hint ?? hint;
  broken = title;
  fill($('failure-code'), code);
  fill(
    $('failure-body'),
    h('p', {}, say(known ?? message)),
    way && h('p', {}, h('b', {}, say('hint')), ' ', say(way)),
    report &&
      h(
        'h4',
        {},
        say('report'),
        ' ',
        copyButton('copy-report', () => $('question').innerText),
      ),
    report &&
      h(
        'pre',
        { id: 'question' },
        say(report),
        step.api && `${title}: ${step.result.error} ${message}`,
      ),
  );
  $('failure').open = true;
  $('failure').classList.remove('mended');
}
