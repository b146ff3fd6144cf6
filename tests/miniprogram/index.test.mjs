import assert from 'node:assert/strict';
import test from 'node:test';
import { Phone, count, index, memberCentre, showsError, tap } from './stub.mjs';

test('first entry logs in silently and asks for nothing', async () => {
  const phone = new Phone();
  const page = await index(phone);
  assert.equal(page.data.id, 'open-1');
  assert.deepEqual(phone.log, ['auth_base', 'POST /api/auth']);
  assert.deepEqual(JSON.parse(phone.requests[0].body), { auth_code: 'code-1' });
  assert.deepEqual(phone.saved(), { token: 'session-1', scope: 'auth_base' });
});

test('an app that gets user_id only shows that', async () => {
  const phone = new Phone();
  Object.assign(phone.member, { open_id: null, user_id: '2088000000000000' });
  assert.equal((await index(phone)).data.id, '2088000000000000');
});

test('a saved session that still works is used, without another login', async () => {
  const phone = new Phone();
  phone.signIn('auth_user');
  const page = await index(phone);
  assert.equal(page.data.id, 'open-1');
  assert.deepEqual(phone.log, ['GET /api/member']);
  assert.equal(phone.requests[0].headers.Authorization, 'Bearer old');
});

for (const httpErrors of ['success', 'fail', 'fail-text']) {
  test(`an ended session (401 by ${httpErrors}) is renewed once, silently`, async () => {
    const phone = new Phone();
    phone.signIn('auth_user');
    phone.sessions.clear();
    phone.httpErrors = httpErrors;
    const page = await index(phone);
    assert.equal(page.data.error, null);
    assert.equal(page.data.id, 'open-1');
    assert.deepEqual(phone.log, [
      'GET /api/member',
      'auth_base',
      'POST /api/auth',
      'GET /api/member',
    ]);
    assert.equal(phone.requests[1].headers.Authorization, undefined); // the dead session is not sent along
  });

  test(`a server that always says 401 (by ${httpErrors}) gets one silent login, then the page shows the error`, async () => {
    const phone = new Phone();
    phone.signIn('auth_user');
    phone.httpErrors = httpErrors;
    const ended = { status: 401, code: 'session-ended' };
    phone.refusing = [ended, null, ended, ended, ended];
    const page = await index(phone);
    assert.deepEqual(phone.log, [
      'GET /api/member',
      'auth_base',
      'POST /api/auth',
      'GET /api/member',
    ]);
    showsError(page, 'session-ended', 'authorise', 401);
  });
}

test('a bare 19 is shown, and 重试 logs in anew', async () => {
  const phone = new Phone();
  phone.signIn('auth_user');
  phone.sessions.clear();
  phone.httpErrors = 'bare';
  const page = await index(phone);
  assert.deepEqual(phone.log, ['GET /api/member']);
  assert.equal(page.data.error.code, 'my.request 19');
  await tap(page, 'enter');
  assert.equal(page.data.error, null);
  assert.equal(page.data.id, 'open-1');
});

test('a login without a network is an error, and 重试 gets on', async () => {
  const phone = new Phone();
  phone.errors.getAuthCode = [{ error: 12, errorMessage: 'Network Error' }];
  const page = await index(phone);
  showsError(page, 'my.getAuthCode 12', 'retry');
  assert.equal(page.data.id, '');
  assert.deepEqual(phone.requests, []);
  await tap(page, 'enter');
  assert.equal(page.data.error, null);
  assert.equal(page.data.id, 'open-1');
});

test('two taps on 重试 send once', async () => {
  const phone = new Phone();
  phone.errors.getAuthCode = [{ error: 12 }];
  const page = await index(phone);
  await tap(page, 'enter', 'enter');
  assert.equal(count(phone, 'auth_base'), 2); // the failed one, and one for both taps
  assert.equal(phone.requests.length, 1);
});

test('a user who has signed out is not logged in silently', async () => {
  const phone = new Phone();
  phone.storage.set('session', JSON.stringify({ token: '', scope: 'none' }));
  const page = await index(phone);
  assert.equal(page.data.signedOut, true);
  assert.deepEqual(phone.log, []);
  await tap(page, 'enter');
  assert.equal(page.data.signedOut, false);
  assert.equal(page.data.id, 'open-1');
});

test('coming back (onShow) asks for nothing and shows what happened meanwhile', async () => {
  const phone = new Phone();
  const page = await index(phone);
  const before = [...phone.log];
  page.onShow();
  assert.deepEqual(phone.log, before);
  page.openMemberCentre();
  assert.equal(phone.log.at(-1), 'to /pages/member/member');
  await tap(await memberCentre(phone, true), 'logOut');
  const after = [...phone.log];
  page.onShow();
  assert.deepEqual([page.data.id, page.data.signedOut], ['', true]);
  assert.deepEqual(phone.log, after);
});

test('two quick taps open the member centre once; one that failed can be tried again', async () => {
  const phone = new Phone();
  const page = await index(phone);
  const opened = () => phone.log.filter((entry) => entry.startsWith('to ')).length;
  phone.stuck = true;
  page.openMemberCentre();
  assert.equal(opened(), 0);
  phone.stuck = false;
  page.openMemberCentre();
  page.openMemberCentre();
  assert.equal(opened(), 1);
  page.onShow();
  page.openMemberCentre();
  assert.equal(opened(), 2);
});
