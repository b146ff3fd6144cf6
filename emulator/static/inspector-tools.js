// Beside the calls: auth codes, the emulator's switches, the settings for each SDK.
import { $, ask, closest, copyButton, fill, h, say } from './dom.js';

const SHOWN = 12; // characters of a key's beginning, which all keys share, and of its end
const { settings, snippets, certified, own } = JSON.parse(
  /** @type {HTMLTemplateElement} */ ($('settings')).content.textContent ?? '{}',
);
/** The pressed buttons, by group. @type {Chosen} */
const chosen = { scope: 'auth_user', app: 'demo-mini', sdk: 'Java' };
const member = /** @type {HTMLSelectElement} */ ($('member'));
const fault = /** @type {HTMLSelectElement} */ ($('fault'));

export function startTools() {
  document.addEventListener('click', choose);
  member.onchange = drawCurl;
  fault.onchange = () => ask('PUT', 'fault', { name: fault.value || null }).then(showFault);
  $('give').onclick = give;
  $('messages').onsubmit = setMessageUrl;
  fill(
    $('code-copy'),
    copyButton('copy-curl', () => curl()),
  );
  draw();
  showFault();
}

/** A button is a choice, or an action on the chosen member. */
async function choose(/** @type {Event} */ event) {
  const button = closest(
    event,
    '[data-scope], [data-app], [data-sdk], [data-identity], [data-act]',
  );
  const [name, value] = Object.entries({ ...button?.dataset })[0] ?? [];
  if (!name || !value) return;
  if (name === 'act') {
    const { messages = [] } = await ask('POST', value, { member: member.value });
    fill($('act-status'), say('done'), messages.map(delivery));
  } else {
    press(name, value);
    if (name === 'identity') await ask('PUT', 'identity', { mode: value });
    draw();
  }
}

/** A message that was pushed to an app, and the app's answer. */
const delivery = (/** @type {{ app_id: string, answer: string }} */ { app_id: id, answer }) =>
  ` · ${id}: ${answer || '—'}`;

async function setMessageUrl(/** @type {Event} */ event) {
  event.preventDefault();
  const url = /** @type {HTMLInputElement} */ ($('message-url')).value;
  const { error } = await ask('PUT', 'messages', { url: url || null });
  fill($('message-status'), say(error ?? 'done'));
}

/** Shows the choice on the buttons. */
function press(/** @type {string} */ name, /** @type {string} */ value) {
  chosen[name] = value;
  for (const button of document.querySelectorAll(`[data-${name}]`))
    button.ariaPressed = String(button.dataset[name] === value);
}

/** Shows what is switched on, whichever page or program did it. */
export function showSwitches(/** @type {{ identity: string, fault: string | null }} */ on) {
  press('identity', on.identity);
  if (document.activeElement === fault) return; // the user is choosing
  if (fault.value === (on.fault ?? '')) return;
  fault.value = on.fault ?? '';
  showFault();
}

/** Shows the sentence of the fault that is on. */
function showFault() {
  const found = document.querySelector(`template[data-fault="${fault.value}"]`);
  const template = /** @type {HTMLTemplateElement | null} */ (found);
  fill($('fault-status'), template?.content.cloneNode(true));
}

// ── auth codes ──

const request = () => ({ member: member.value, scopes: [chosen.scope], app_id: chosen.app });

async function give() {
  const { auth_code: code, error } = await ask('POST', 'auth-code', request());
  fill($('code'), code ?? error);
  if (!code) return;
  await navigator.clipboard.writeText(code);
  fill($('code-status'), say('copied'));
}

function curl() {
  const json = JSON.stringify(request());
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

/** The snippet with the settings filled in. */
function filled(/** @type {string[]} */ lines, /** @type {(value: string) => string} */ shown) {
  const own = settings[chosen.app];
  const put = (/** @type {string} */ whole, /** @type {string} */ name) =>
    name in own ? shown(own[name]) : whole;
  return lines.map((line) => line.replace(/\{(\w+)\}/g, put)).join('\n');
}

/** The beginning and the end of a key. */
const shortened = (/** @type {string} */ value) =>
  value.length > 100 ? `${value.slice(0, SHOWN)}…${value.slice(-SHOWN)}` : value;
