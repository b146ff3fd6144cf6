// The contrast: what the client was told beside what the server saved. The page has the fields.
import { $, fill, h, say, words } from './dom.js';

let drawn;

/** `told`: {nickName, avatar} or null; `row`: the member's row or null. */
export function drawContrast(told, row) {
  if (drawn === (drawn = JSON.stringify([told, row]))) return; // leave a selected text alone
  drawSide('client', told && { nick_name: told.nickName, avatar: told.avatar }, 'type-');
  drawSide('server', row, row?.profile_at ? `type-${row.user_type}` : 'unfetched');
}

/** `state` decides which of its reasons an empty field gives. */
function drawSide(side, values, state) {
  $(side).dataset.state = values ? state : 'nobody';
  for (const entry of $(side).children) {
    const { field, time } = entry.dataset,
      value = values?.[field] ?? '';
    const shown =
      time && value
        ? new Date(value * 1000).toLocaleString('sv')
        : field === 'avatar' && value
          ? h('img', { src: value, alt: 'avatar', width: 48, height: 48 })
          : value;
    fill(entry.querySelector('strong'), shown);
    fill(
      entry.querySelector('em'),
      value && words.values[field]?.[value] && [' = ', say(words.values[field][value])],
    );
  }
}
