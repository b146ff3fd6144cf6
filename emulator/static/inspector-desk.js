// What stands beside the calls: auth codes, the emulator's switches, the settings of each SDK.
import { $, ask, closest, copyButton, fill, h, say } from './dom.js';

const SHOWN = 12; // characters of a key's beginning, which all keys share, and of its end
const { settings, snippets, certified, own } = JSON.parse(
  /** @type {HTMLTemplateElement} */ ($('settings')).content.textContent ?? '{}',
);
/** What is chosen here, by name. @type {Chosen} */
const chosen = { scope: 'auth_user', app: 'demo-mini', sdk: 'Java' };
const member = /** @type {HTMLSelectElement} */ ($('member'));
const fault = /** @type {HTMLSelectElement} */ ($('fault'));

export function startDesk() {
  document.addEventListener('click', choose);
  member.onchange = drawCurl;
  fault.onchange = () => ask('PUT', 'fault', { name: fault.value || null }).then(sayFault);
  $('give').onclick = give;
  $('messages').onsubmit = direct;
  fill(
    $('code-copy'),
    copyButton('copy-curl', () => curl()),
  );
  draw();
  sayFault();
}

/** A button that stands for a choice, or for something that is done to the person. */
async function choose(/** @type {Event} */ event) {
  const button = closest(
    event,
    '[data-scope], [data-app], [data-sdk], [data-identity], [data-act]',
  );
  const [name, value] = Object.entries({ ...button?.dataset })[0] ?? [];
  if (!name || !value) return;
  if (name === 'act') {
    const { messages = [] } = await ask('POST', value, { member: member.value });
    fill($('act-told'), say('done'), messages.map(told));
  } else {
    press(name, value);
    if (name === 'identity') await ask('PUT', 'identity', { mode: value });
    draw();
  }
}

/** A message that the app was sent, and what it answered. */
const told = (/** @type {{ app_id: string, answer: string }} */ { app_id: id, answer }) =>
  ` · ${id}: ${answer || '—'}`;

async function direct(/** @type {Event} */ event) {
  event.preventDefault();
  const url = /** @type {HTMLInputElement} */ ($('message-url')).value;
  const { error } = await ask('PUT', 'messages', { url: url || null });
  fill($('message-told'), say(error ?? 'done'));
}

/** Shows what is chosen on the buttons. */
function press(/** @type {string} */ name, /** @type {string} */ value) {
  chosen[name] = value;
  for (const button of document.querySelectorAll(`[data-${name}]`))
    button.ariaPressed = String(button.dataset[name] === value);
}

/** What is switched on now, whoever did it. */
export function showSwitches(/** @type {{ identity: string, fault: string | null }} */ on) {
  press('identity', on.identity);
  if (document.activeElement === fault) return; // somebody is choosing
  if (fault.value === (on.fault ?? '')) return;
  fault.value = on.fault ?? '';
  sayFault();
}

/** What the fault that is switched on does. */
function sayFault() {
  const told = document.querySelector(`template[data-fault="${fault.value}"]`);
  const template = /** @type {HTMLTemplateElement | null} */ (told);
  fill($('fault-told'), template?.content.cloneNode(true));
}

// ── auth codes ──

const asked = () => ({ member: member.value, scopes: [chosen.scope], app_id: chosen.app });

async function give() {
  const { auth_code: code, error } = await ask('POST', 'auth-code', asked());
  fill($('code'), code ?? error);
  if (!code) return;
  await navigator.clipboard.writeText(code);
  fill($('code-told'), say('copied'));
}

function curl() {
  const json = JSON.stringify(asked());
  return `curl ${own}emulator/auth-code -H 'Content-Type: application/json' -d '${json}'`;
}

const drawCurl = () => fill($('code-curl'), curl());

// ── settings ──

function draw() {
  drawCurl();
  $('certified').hidden = !certified.includes(chosen.app);
  for (const row of document.querySelectorAll('[data-setting]')) drawSetting(row);
  const { sdk, lines, note } = snippets.find((/** @type {any} */ { name }) => name === chosen.sdk);
  fill($('sdk'), sdk);
  fill($('sdk-note'), note && say(note));
  fill($('snippet'), filled(lines, shortened));
  fill(
    $('snippet-copy'),
    copyButton('copy', () => filled(lines, String)),
  );
}

/** One setting with its button. */
function drawSetting(/** @type {HTMLElement} */ row) {
  const name = row.dataset.setting ?? '';
  const value = settings[chosen.app][name];
  const button = copyButton('copy', () => value);
  button.setAttribute('aria-describedby', `setting-${name}`);
  const place = /** @type {HTMLElement} */ (row.querySelector('dd'));
  fill(place, h('code', {}, shortened(value)), ' ', button);
}

/** The four lines with the settings in their places. */
function filled(/** @type {string[]} */ lines, /** @type {(value: string) => string} */ shown) {
  const own = settings[chosen.app];
  const put = (/** @type {string} */ whole, /** @type {string} */ name) =>
    name in own ? shown(own[name]) : whole;
  return lines.map((line) => line.replace(/\{(\w+)\}/g, put)).join('\n');
}

/** A key by its beginning and its end: nobody reads the rest. */
const shortened = (/** @type {string} */ value) =>
  value.length > 100 ? `${value.slice(0, SHOWN)}…${value.slice(-SHOWN)}` : value;
