// The contrast: what the client was told beside the row that the server saved, field by field.
import { $, h, say, words } from './dom.js';

let drawn;

/** Draw both sides. `told`: {nickName, avatar} or null; `row`: the member's row or null. */
export function drawContrast(told, row) {
  if (drawn === (drawn = JSON.stringify([told, row]))) return; // leave a selected text alone
  $('client').replaceChildren(...words.fields.map(field => clientField(field, told)));
  $('server').replaceChildren(...words.fields.map(field => serverField(field, row)));
}

function clientField(field, told) {
  const value = field.client && told?.[field.client];
  const why = !field.client ? 'not-told' : told ? 'client-empty' : null;
  return entry(field, field.client, value, why, field.client && told ? provenance('client', 'client-use') : null);
}

function serverField(field, row) {
  const value = row?.[field.name];
  const why = !row ? null : field.trust === 'profile' && row.profile_at === null ? 'not-fetched'
    : words.empty[field.name] ?? field.absent ?? 'not-given';
  return entry(field, field.name, value, why, row && value != null ? provenance(field.trust, field.use) : null);
}

const provenance = (trust, use) => h('small', {}, say(words.trust[trust].from), ' · ', say(words.trust[trust].who), ' · ', say(use));

function entry(field, name, value, why, note) {
  const meaning = words.values[field.name]?.[value];
  const shown = value == null || value === '' ? h('span', { className: 'absent' }, why ? say(why) : '—')
    : field.name === 'avatar' ? h('img', { src: value, alt: 'avatar', width: 48, height: 48 })
    : h('strong', { className: field.name.endsWith('_id') ? 'id' : '' }, field.time ? new Date(value * 1000).toLocaleString('sv') : value);
  return h('div', { data: { field: field.name } }, h('dt', {}, say(field), ' ', name && h('code', {}, name)),
    h('dd', {}, shown, meaning ? h('em', {}, ' = ', say(meaning)) : null, note));
}
