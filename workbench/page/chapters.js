// The chapters: each says what to do, what to see and why, and is ticked off once it has happened.
import { isOwn } from './contrast.js';
import { $, closest, fill, h, say, words } from '/workbench/shared/dom.js';
import { choose } from './faults.js';
import { stopForging } from './forge.js';
import { pointAt, prepare } from './hand.js';
import { chosen, listen, opened, resetAll, show, startPhone } from './state.js';

const KEY = 'chapters';
/** @type {('do' | 'see' | 'why')[]} */
const PARTS = ['do', 'see', 'why'];
/** @type {Set<number>} */
const done = new Set(JSON.parse(localStorage.getItem(KEY) ?? '[]'));

/** The scopes of the newest auth code, and whether consent was withdrawn since. */
let scopes = '';
let isWithdrawn = false;
/** The chapter that was set up last, until it has happened. */
let begun = 0;

export function start() {
  listen('step', see);
  listen('phone', ({ api, outcome, result }) => {
    const isCode = api === 'getAuthCode' && outcome === 'ok';
    if (isCode) scopes = String(result.authSuccessScopes);
    if (outcome === 'failed' && chosen.fault) tick(5);
  });
  listen('fooled', () => tick(4));
  listen('state', draw);
  const whileCapturing = true; // a toggle does not bubble
  addEventListener('toggle', seeOpened, whileCapturing);
  $('chapters').onclick = (event) => {
    const number = closest(event, '[data-chapter]')?.dataset.chapter;
    if (!number) return;
    chosen.chapter = number;
    show();
  };
  $('setup').onclick = setUp;
  $('onward').onclick = goOn;
}

export const forget = () => localStorage.removeItem(KEY);

/** @type {(number: number) => boolean} */
const isOver = (number) => done.has(number) && begun !== number;

function tick(/** @type {number} */ number) {
  if (isOver(number)) return;
  if (begun === number) begun = 0;
  done.add(number);
  localStorage.setItem(KEY, JSON.stringify([...done]));
  draw();
}

/**
 * The bytes that were signed are seen when a verified answer's step is open.
 * @type {(event: Event) => void}
 */
function seeOpened(event) {
  if (closest(event, '[data-kind=exchange] [open]')) tick(3);
}

/** @type {See} */
function see(step) {
  if (!step.n || step.at < opened) return;
  if (step.kind === 'action' && step.title === 'consent-revoked') isWithdrawn = true;
  if (step.kind !== 'request') return;
  if (isOwn(step)) seeOfPhone(step);
  else if (step.title.startsWith('GET /callback') && step.outcome < 400) tick(7);
}

/** @type {(step: RequestStep) => void} */
function seeOfPhone(step) {
  if (step.outcome >= 400) seeRefused(step);
  else seeAnswered(step);
}

/** @type {See} */
function seeRefused({ title }) {
  if (chosen.fault) tick(5);
  if (isWithdrawn && title === 'POST /api/member') tick(6);
}

/** @type {See} */
function seeAnswered({ title, answer }) {
  if (title === 'POST /api/auth' && scopes.includes('auth_base')) tick(1);
  const isSaved = title === 'POST /api/member' && answer?.member?.profile_at;
  if (isSaved && scopes.includes('auth_user')) tick(2);
  if (isSaved) isWithdrawn = false;
}

/** The chapter that is shown: the chosen one; until there is one, the first or what follows it. */
function current() {
  return Number(chosen.chapter ?? (done.has(1) ? 2 : 1));
}

/** The next chapter that is not done yet, of those after this one first. */
function following() {
  const rest = words.chapters.map((_, index) => ((current() + index) % words.chapters.length) + 1);
  return rest.find((number) => !done.has(number));
}

function goOn() {
  chosen.chapter = String(following());
  show();
  $('chapters').querySelector('[aria-current]')?.focus();
}

function draw() {
  const number = current();
  drawStrip(number);
  const chapter = words.chapters[number - 1];
  for (const part of PARTS) fill($(`lesson-${part}`), say(chapter[part]));
  const isStart = !chosen.chapter && !done.has(2);
  fill($('pointer'), isStart && say('start-here'));
  const isToDo = isStart || (number > 1 && !isOver(number));
  point(isToDo ? chapter : {}, isStart);
}

/** The chapters, which of them are done, and where to go on once this one is. */
function drawStrip(/** @type {number} */ number) {
  for (const button of $('chapters').querySelectorAll('[data-chapter]')) {
    const own = Number(button.dataset.chapter);
    button.ariaCurrent = own === number ? 'step' : null;
    const isDone = done.has(own);
    button.classList.toggle('done', isDone);
    const tick = ['✓', h('span', { className: 'unseen' }, say('done-chapter'))];
    fill(/** @type {HTMLElement} */ (button.querySelector('.tick')), isDone && tick);
  }
  const next = following();
  $('onward').classList.toggle('off', !next || !isOver(number));
  fill($('onward'), say('next-chapter'), ` ${next} →`);
}

/**
 * Frames the exact thing to tap: in the page while it is there, else in the phone.
 * @type {(chapter: Partial<Chapter>, isStart: boolean) => void}
 */
function point({ at, tap = [] }, isStart) {
  document.querySelector('.here')?.classList.remove('here');
  const target = at ? [...document.querySelectorAll(at)].at(-1) : undefined;
  target?.classList.add('here');
  const isUsed = target && !target.matches('[data-fault=consent-revoked]');
  const { tap: first = [] } = isStart && !tap.length ? words.chapters[1] : { tap };
  pointAt(isUsed ? [] : first);
}

/** Makes the state in which the chapter begins. */
async function setUp() {
  const number = current();
  begun = number;
  chosen.chapter = String(number);
  chosen.app = 'miniprogram';
  const { from } = words.chapters[number - 1];
  stopForging();
  if (chosen.fault) await choose(null);
  if (number <= 2) await resetAll();
  startPhone();
  show();
  if (from === 'saved') await prepare({ needs: 'member' });
}
