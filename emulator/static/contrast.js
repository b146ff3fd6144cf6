// The contrast: what the client was told beside what the server saved. The page has the fields.
import { listen } from './bus.js';
import { $, fill, h, say, words } from './dom.js';
import { opened } from './state.js';

let drawn;
let told = null;
let row = null;

export function start() {
  listen('phone', ({ result }) => {
    const said = result.response ? JSON.parse(result.response).response : result;
    if ('nickName' in said) told = said;
    draw();
  });
  listen('step', (step) => {
    if (!step.n || step.at < opened) return;
    row = step.answer?.member ?? (step.after ? step.after.at(-1) : row);
    draw();
  });
  listen('restart', () => {
    told = null;
    row = null;
    draw();
  });
}

export const shown = () => ({ told, row });

export function restore(kept) {
  ({ told = null, row = null } = kept);
  draw();
}

/** `told`: {nickName, avatar} or null; `row`: the member's row or null. */
function draw() {
  const now = JSON.stringify([told, row]);
  if (drawn === now) return; // leave a selected text alone
  drawn = now;
  drawSide('client', told && { nick_name: told.nickName, avatar: told.avatar }, 'type-');
  drawSide('server', row, row?.profile_at ? `type-${row.user_type}` : 'unfetched');
}

/** `state` decides which of its reasons an empty field gives. */
function drawSide(side, values, state) {
  $(side).dataset.state = values ? state : 'nobody';
  for (const entry of $(side).children) {
    const { field, time } = entry.dataset;
    const value = values?.[field] ?? '';
    fill(entry.querySelector('strong'), picture(field, value) ?? moment(time, value) ?? value);
    fill(
      entry.querySelector('em'),
      value && words.values[field]?.[value] && [' = ', say(words.values[field][value])],
    );
  }
}

function picture(field, value) {
  if (field !== 'avatar' || !value) return undefined;
  return h('img', { src: value, alt: 'avatar', width: 48, height: 48 });
}

function moment(time, value) {
  return time && value ? new Date(value * 1000).toLocaleString('sv') : undefined;
}
