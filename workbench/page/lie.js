// The lying client, and what old articles' clients add: every request of the phone is handed to
// workbench/naive.py, too. Its answers are for this page; the phone never sees them.
import { listen, tell } from './bus.js';
import { $, ask } from '/workbench/shared/dom.js';
import { bench, chosen } from './state.js';

const NICKNAME = '系统管理员';
const victim = JSON.parse(String($('forge').dataset.victim));
const kinds = () => (chosen.identity === 'both' ? ['open_id', 'user_id'] : [chosen.identity]);

/** The phone's requests that are under way, by trace. @type {Map<string, Options>} */
const requests = new Map();
/** The ids by which our server knows the person; old clients keep them. @type {Member} */
let known = {};
let turn = Promise.resolve();

export function start() {
  for (const button of [$('lie-name'), $('lie-id')]) button.onclick = () => toggle(button);
  listen('step', ({ kind, trace, args }) => {
    if (kind === 'call' && trace && args?.sentTo) requests.set(trace, args);
  });
  listen('phone', ({ trace, result }) => {
    const sent = requests.get(trace);
    requests.delete(trace);
    if (sent) turn = turn.then(() => handOver(sent, result)).catch(() => {});
  });
  listen('restart', () => {
    known = {};
  });
  listen('state', arm);
}

/** @type {(button: HTMLElement) => void} */
function toggle(button) {
  button.ariaPressed = String(button.ariaPressed !== 'true');
  arm();
  tell('state');
}

/** The truth is told from now on. */
export function stopLying() {
  $('lie-name').ariaPressed = 'false';
  $('lie-id').ariaPressed = 'false';
  arm();
}

/** What the client claims falsely, in every request. */
function arm() {
  /** @type {Record<string, string>} */
  const lie = {};
  if ($('lie-name').ariaPressed === 'true') lie.nickName = NICKNAME;
  if ($('lie-id').ariaPressed === 'true') for (const kind of kinds()) lie[kind] = victim[kind];
  bench.forge = Object.keys(lie).length ? lie : null;
}

/** @type {(sent: Options, result: Options) => Promise<void>} */
async function handOver({ sentTo, method, data }, { data: answer }) {
  const { pathname } = new URL(sentTo);
  if (!pathname.startsWith('/api/')) return;
  const member = answer?.member ?? {};
  for (const kind of kinds()) if (member[kind]) known[kind] = member[kind];
  const said = { ...data, ...(await asOldArticles(method)) };
  const path = `naive${pathname}`;
  const answered =
    method === 'POST'
      ? await ask(method, path, said)
      : await ask(method, `${path}?${new URLSearchParams(said)}`);
  if (pathname !== '/api/session') tell('naive', answered.signed_in_as);
}

/**
 * nickName, avatar and id: what such a client knows, or claims.
 * @type {(method: string) => Promise<Member>}
 */
async function asOldArticles(method) {
  const lie = bench.forge ?? {};
  if (method !== 'POST' || lie.open_id || lie.user_id) return { ...known, ...lie };
  const { app_id: own, members } = await ask('GET', 'emulator/members');
  /** @type {TestMember} */
  const person = members.find((/** @type {TestMember} */ { id }) => id === chosen.member);
  const profile = { nickName: person.nick_name ?? '', avatar: person.avatar ?? '' };
  return { ...known, ...(person.consented.includes(own) && profile), ...lie };
}
