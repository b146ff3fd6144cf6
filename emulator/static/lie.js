// Forging: what the client claims, slipped into every request.
import { listen } from './bus.js';
import { $, fill, say } from './dom.js';
import { bench, opened, toPhone } from './state.js';

export function start() {
  $('forge').onsubmit = (event) => {
    event.preventDefault();
    bench.forge = bench.forge
      ? null
      : Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
    $('forge-on').ariaPressed = $('forge-fields').disabled = Boolean(bench.forge);
    fill($('forge-news'), bench.forge && say('forge-armed'));
    if (bench.forge) toPhone();
  };
  listen('step', (step) => {
    if (!step.n || step.at < opened) return;
    const forged = Object.entries(bench.forge ?? {});
    const carries = (fields) => forged.some(([name, value]) => fields?.[name] === value);
    const leak = step.after?.some(carries);
    if (leak || carries(step.body)) fill($('forge-news'), say(leak ? 'forge-leak' : 'forge-proof'));
  });
}
