// The client that forges its data, and what old articles' clients add: every request of the phone
// goes to workbench/naive.py, too. Its answers are for this page; the phone never sees them.
import { $, ask } from '/workbench/shared/dom.js';
import { bench, chosen, listen, tell } from './state.js';

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

/** Nothing is forged from now on. */
export function stopForging() {
  $('lie-name').ariaPressed = 'false';
  $('lie-id').ariaPressed = 'false';
  arm();
}

/** What the client forges in every request. */
function arm() {
  /** @type {Record<string, string>} */
  const forged = {};
  if ($('lie-name').ariaPressed === 'true') forged.nickName = NICKNAME;
  if ($('lie-id').ariaPressed === 'true') for (const kind of kinds()) forged[kind] = victim[kind];
  bench.forge = Object.keys(forged).length ? forged : null;
}

/** @type {(sent: Options, result: Options) => Promise<void>} */
async function handOver({ sentTo, method, data }, { data: answer }) {
  const { pathname } = new URL(sentTo);
  if (!pathname.startsWith('/api/')) return;
  const member = answer?.member ?? {};
  for (const kind of kinds()) if (member[kind]) known[kind] = member[kind];
  const claims = { ...data, ...(await asOldArticles(method)) };
  const path = `naive${pathname}`;
  const reply =
    method === 'POST'
      ? await ask(method, path, claims)
      : await ask(method, `${path}?${new URLSearchParams(claims)}`);
  if (pathname !== '/api/session') tell('naive', reply.signed_in_as);
}

/**
 * nickName, avatar and id: what such a client knows, or claims.
 * @type {(method: string) => Promise<Member>}
 */
async function asOldArticles(method) {
  const forged = bench.forge ?? {};
  if (method !== 'POST' || forged.open_id || forged.user_id) return { ...known, ...forged };
  const { app_id: own, members } = await ask('GET', 'emulator/members');
  /** @type {TestMember} */
  const person = members.find((/** @type {TestMember} */ { id }) => id === chosen.member);
  const profile = { nickName: person.nick_name ?? '', avatar: person.avatar ?? '' };
  return { ...known, ...(person.consented.includes(own) && profile), ...forged };
}
