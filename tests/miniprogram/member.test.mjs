import assert from 'node:assert/strict';
import test from 'node:test';
import {
  DISPLAYED,
  NO_PRODUCT,
  NO_SCOPE,
  PROFILE,
  Phone,
  arrive,
  count,
  errorFor,
  memberCentre,
  row,
  showsError,
  tap,
} from './stub.mjs';

test('opening the member centre asks for nothing', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  assert.deepEqual(phone.log, []);
  assert.equal(page.data.authorised, false);
  assert.equal(row(page, 'nick_name').serverNote, '尚未获取');
  assert.deepEqual(
    page.data.rows.map(({ key }) => key),
    ['nick_name', 'avatar', 'open_id'],
  );
});

test('opened directly with a saved session it shows what the server saved', async () => {
  const phone = new Phone();
  phone.signIn('auth_user');
  Object.assign(phone.member, PROFILE, { profile_at: 2 });
  const page = await memberCentre(phone);
  assert.deepEqual(phone.log, ['GET /api/member']);
  assert.equal(row(page, 'nick_name').server, PROFILE.nick_name);
});

test('opened directly without a session it waits for the button', async () => {
  const phone = new Phone();
  const page = await memberCentre(phone);
  assert.deepEqual(phone.log, []);
  await tap(page, 'getProfile');
  assert.equal(row(page, 'nick_name').server, PROFILE.nick_name);
});

test('agreeing leads from the code to both profiles, in this order', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'getProfile');
  assert.deepEqual(phone.log, [
    'auth_user',
    'POST /api/auth',
    'POST /api/member',
    'getAuthUserInfo',
  ]);
  assert.equal(page.data.error, null);
  assert.equal(page.data.authorised, true);
  assert.equal(page.data.offerDisplay, false);
  const nick = row(page, 'nick_name');
  assert.deepEqual(
    [nick.client, nick.server, nick.differs],
    [DISPLAYED.nickName, PROFILE.nick_name, true],
  );
  assert.equal(row(page, 'user_status').server, 'T · 已认证用户');
  assert.equal(row(page, 'open_id').clientNote, '客户端得不到');
  assert.equal(row(page, 'user_id'), undefined);
});

test('no field of the client ever leaves the phone', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'getProfile');
  delete phone.api.getAuthUserInfo;
  await tap(page, 'getProfile');
  await tap(page, 'readDisplay');
  await tap(page, 'forget');
  assert.equal(phone.requests.length, 5);
  for (const { path, headers, body } of phone.requests) {
    assert.doesNotMatch(JSON.stringify([path, headers, body]), /client-/);
    if (path === '/api/auth') assert.deepEqual(Object.keys(JSON.parse(body)), ['auth_code']);
    else assert.equal(body, undefined);
  }
});

test('two taps in the same moment send once', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'getProfile', 'getProfile', 'logOut', 'forget');
  assert.deepEqual(phone.log, [
    'auth_user',
    'POST /api/auth',
    'POST /api/member',
    'getAuthUserInfo',
  ]);
});

test('updating later uses the session and asks for no consent', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'getProfile');
  phone.log.length = 0;
  await tap(page, 'getProfile');
  assert.deepEqual(phone.log, ['POST /api/member', 'getAuthUserInfo']);
});

const CODE_ERRORS = [
  [11, 'authorise'],
  [3, 'authorise'],
  [10, 'retry'],
  [12, 'retry'],
  [4, 'leave'],
];
for (const [error, next] of CODE_ERRORS) {
  test(`my.getAuthCode ${error} has its sentence, changes nothing, and never repeats itself`, async () => {
    const phone = new Phone();
    const page = await arrive(phone);
    const before = JSON.stringify([phone.saved(), phone.member, page.data.rows]);
    phone.errors.getAuthCode = [{ error, errorMessage: 'x' }];
    await tap(page, 'getProfile');
    showsError(page, `my.getAuthCode ${error}`, next);
    assert.deepEqual(phone.log, ['auth_user']);
    assert.equal(JSON.stringify([phone.saved(), phone.member, page.data.rows]), before);
    await tap(page, 'goOn', 'goOn');
    if (next === 'leave') assert.ok(phone.log.includes('back'));
    else
      assert.deepEqual(phone.log.slice(1), [
        'auth_user',
        'POST /api/auth',
        'POST /api/member',
        'getAuthUserInfo',
      ]);
  });
}

test('a success without an auth code counts as 10', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.api.getAuthCode = ({ success }) =>
    success({ authCode: '', authErrorScopes: {}, authSuccessScopes: [] });
  await tap(page, 'getProfile');
  assert.equal(page.data.error.code, 'my.getAuthCode 10');
  assert.equal(phone.requests.length, 1); // the login on 首页
});

test('every error of my.request has its sentence', () => {
  const codes = [2, 4, 11, 12, 13, 14, 19].map((error) => `my.request ${error}`);
  const unknown = errorFor('my.request 23');
  for (const code of codes) assert.notEqual(errorFor(code).message, unknown.message, code);
  assert.deepEqual([unknown.code, unknown.next], ['my.request 23', 'retry']);
});

for (const [error, next] of [
  [11, 'leave'], // 白名单
  [12, 'retry'],
]) {
  test(`my.request ${error} stops after the code, and goes on by ${next}`, async () => {
    const phone = new Phone();
    const page = await arrive(phone);
    phone.errors.request = [{ error, errorMessage: 'x' }];
    await tap(page, 'getProfile');
    showsError(page, `my.request ${error}`, next);
    assert.deepEqual(phone.log, ['auth_user', 'POST /api/auth']);
    await tap(page, 'goOn');
    if (next === 'leave') assert.equal(phone.log.at(-1), 'back');
    else assert.equal(row(page, 'nick_name').server, PROFILE.nick_name);
  });
}

test('the ids that a login brought are shown even if the profile then fails', async () => {
  const phone = new Phone();
  const page = await memberCentre(phone);
  phone.refusing = [null, { status: 504, code: 'timeout' }];
  await tap(page, 'getProfile');
  showsError(page, 'timeout', 'retry', 504);
  assert.deepEqual(
    [row(page, 'open_id').server, row(page, 'nick_name').serverNote],
    ['open-1', '尚未获取'],
  );
  phone.log.length = 0;
  await tap(page, 'goOn');
  assert.deepEqual(phone.log, ['POST /api/member', 'getAuthUserInfo']); // the consent given is used, not asked for again
});

// each answer of the server once, and each way that an HTTP error may arrive
for (const [status, code, next, httpErrors] of [
  [401, 'isv.code-invalid', 'authorise', 'success'],
  [403, 'app.other', 'leave', 'fail'],
  [502, 'signature:tampered', 'retry', 'fail-text'],
  [504, 'transport:timeout', 'retry', 'success'],
  [400, 'bad-request:json', 'retry', 'fail'],
]) {
  test(`the server's ${status} ${code}, by ${httpErrors}`, async () => {
    const phone = new Phone();
    const page = await arrive(phone);
    phone.httpErrors = httpErrors;
    phone.refusing = [{ status, code }];
    await tap(page, 'getProfile');
    showsError(page, code, next, status);
    assert.deepEqual(phone.log, ['auth_user', 'POST /api/auth']); // a refused code is never sent again
  });
}

test('an error without a sentence of its own still offers 重试', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.refusing = [{ status: 413, code: 'too-large' }];
  await tap(page, 'getProfile');
  assert.deepEqual([page.data.error.code, page.data.error.next], ['too-large', 'retry']);
  assert.ok(page.data.error.message && page.data.error.label);
});

test('without the product (40006) the ids stay, one sentence names it, the display profile still comes', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.refusing = [null, { status: 403, code: NO_PRODUCT }];
  await tap(page, 'getProfile');
  showsError(page, NO_PRODUCT, 'none');
  assert.equal(row(page, 'open_id').server, 'open-1');
  assert.deepEqual(
    [row(page, 'nick_name').client, row(page, 'nick_name').server],
    [DISPLAYED.nickName, ''],
  );
});

for (const code of NO_SCOPE) {
  test(`a consent that was revoked (解除授权, ${code}) is asked for again, once`, async () => {
    const phone = new Phone();
    phone.signIn('auth_user');
    const page = await memberCentre(phone);
    phone.refusing = [{ status: 403, code }];
    phone.log.length = 0;
    await tap(page, 'getProfile');
    assert.deepEqual(phone.log, [
      'POST /api/member',
      'auth_user',
      'POST /api/auth',
      'POST /api/member',
      'getAuthUserInfo',
    ]);
    assert.equal(page.data.error, null);
  });
}

test('a scope still missing after consent is an error, not asked for again', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  const noScope = { status: 403, code: NO_SCOPE[0] };
  phone.refusing = [null, noScope, noScope, noScope];
  await tap(page, 'getProfile');
  assert.equal(count(phone, 'auth_user'), 1);
  showsError(page, NO_SCOPE[0], 'authorise', 403);
});

test('a session that ended while updating: one silent login, its missing scope asked for, once', async () => {
  const phone = new Phone();
  phone.signIn('auth_user');
  const page = await memberCentre(phone);
  phone.sessions.clear();
  phone.log.length = 0;
  await tap(page, 'getProfile');
  assert.deepEqual(phone.log, [
    'POST /api/member',
    'auth_base',
    'POST /api/auth',
    'POST /api/member',
    'auth_user',
    'POST /api/auth',
    'POST /api/member',
    'getAuthUserInfo',
  ]);
  assert.equal(row(page, 'nick_name').server, PROFILE.nick_name);
});

test('a 401 right after consent is an error, and the scope just given is not lost to a silent login', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.refusing = [null, { status: 401, code: 'session-ended' }];
  await tap(page, 'getProfile');
  assert.equal(count(phone, 'auth_base'), 0);
  assert.equal(phone.saved().scope, 'auth_user');
  showsError(page, 'session-ended', 'authorise', 401);
});
