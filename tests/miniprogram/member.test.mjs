import assert from 'node:assert/strict';
import test from 'node:test';
import { PROFILE, Phone, DISPLAYED, arrive, count, memberCentre, row, tap } from './stub.mjs';

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
  assert.equal(row(page, 'nick_name').server, '完整示例');
});

test('opened directly without a session it waits for the button', async () => {
  const phone = new Phone();
  const page = await memberCentre(phone);
  assert.deepEqual(phone.log, []);
  await tap(page, 'getProfile');
  assert.equal(row(page, 'nick_name').server, '完整示例');
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
  assert.deepEqual([nick.client, nick.server, nick.differs], [DISPLAYED.nickName, '完整示例', true]);
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

const CODE_FAILURES = [
  [11, /没有同意授权/, '重新授权'],
  [3, /返回键/, '重新授权'],
  [10, /没有返回授权码/, '重试'],
  [12, /网络不通/, '重试'],
  [4, /没有调用授权接口的权限/, '返回首页'],
];
for (const [error, sentence, way] of CODE_FAILURES) {
  test(`my.getAuthCode ${error} has its sentence, changes nothing, and never repeats itself`, async () => {
    const phone = new Phone();
    const page = await arrive(phone);
    const before = JSON.stringify([phone.saved(), phone.member, page.data.rows]);
    phone.failing.getAuthCode = [{ error, errorMessage: 'x' }];
    await tap(page, 'getProfile');
    assert.match(page.data.error.message, sentence);
    assert.deepEqual(
      [page.data.error.code, page.data.error.label],
      [`my.getAuthCode ${error}`, way],
    );
    assert.deepEqual(phone.log, ['auth_user']);
    assert.equal(JSON.stringify([phone.saved(), phone.member, page.data.rows]), before);
    await tap(page, 'goOn', 'goOn');
    if (way === '返回首页') assert.ok(phone.log.includes('back'));
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

const REQUEST_FAILURES = [
  [2, /参数有误/],
  [4, /白名单/],
  [11, /白名单/],
  [12, /网络不通/],
  [13, /没有及时答复/],
  [14, /无法读懂/],
  [19, /没有办成/],
  [23, /稍后再试/],
];
for (const [error, sentence] of REQUEST_FAILURES) {
  test(`my.request ${error} has its sentence and a way on`, async () => {
    const phone = new Phone();
    const page = await arrive(phone);
    phone.failing.request = [{ error, errorMessage: 'x' }];
    await tap(page, 'getProfile');
    assert.match(page.data.error.message, sentence);
    assert.deepEqual(phone.log, ['auth_user', 'POST /api/auth']);
    if (page.data.error.next === 'leave') return;
    await tap(page, 'goOn');
    assert.equal(row(page, 'nick_name').server, '完整示例');
  });
}

test('the ids that a login brought are shown even if the profile then fails', async () => {
  const phone = new Phone();
  const page = await memberCentre(phone);
  phone.refusing = [null, { status: 504, code: 'timeout' }];
  await tap(page, 'getProfile');
  assert.match(page.data.error.message, /支付宝没有及时答复/);
  assert.deepEqual(
    [row(page, 'open_id').server, row(page, 'nick_name').serverNote],
    ['open-1', '尚未获取'],
  );
  phone.log.length = 0;
  await tap(page, 'goOn');
  assert.deepEqual(phone.log, ['POST /api/member', 'getAuthUserInfo']); // the consent given is used, not asked for again
});

const REFUSALS = [
  [401, 'isv.code-invalid', /授权码已经用过/, '重新授权'],
  [403, 'app.other', /没有权限/, '返回首页'],
  [502, 'signature:tampered', /可信的答复/, '重试'],
  [504, 'transport:timeout', /支付宝没有及时答复/, '重试'],
  [400, 'bad-request:json', /不接受这个请求/, '重试'],
  [413, 'too-large', /出了点问题/, '重试'],
];
for (const httpErrors of ['success', 'fail', 'fail-text']) {
  for (const [status, code, sentence, way] of REFUSALS) {
    test(`the server's ${status} ${code}, by ${httpErrors}`, async () => {
      const phone = new Phone();
      const page = await arrive(phone);
      phone.httpErrors = httpErrors;
      phone.refusing = [{ status, code }];
      await tap(page, 'getProfile');
      assert.match(page.data.error.message, sentence);
      assert.deepEqual([page.data.error.code, page.data.error.label], [code, way]);
      assert.deepEqual(phone.log, ['auth_user', 'POST /api/auth']); // a refused code is never sent again
    });
  }
}

test('without the product (40006) the ids stay, one sentence names it, the display profile still comes', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.refusing = [null, { status: 403, code: 'isv.insufficient-isv-permissions' }];
  await tap(page, 'getProfile');
  assert.match(page.data.error.message, /「获取会员信息」产品/);
  assert.equal(row(page, 'open_id').server, 'open-1');
  assert.deepEqual(
    [row(page, 'nick_name').client, row(page, 'nick_name').server],
    [DISPLAYED.nickName, ''],
  );
});

for (const code of ['aop.invalid-auth-token', 'isv.invalid-token']) {
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

test('a scope still missing after consent is told, not asked for again', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  const noScope = { status: 403, code: 'aop.invalid-auth-token' };
  phone.refusing = [null, noScope, noScope, noScope];
  await tap(page, 'getProfile');
  assert.equal(count(phone, 'auth_user'), 1);
  assert.match(page.data.error.message, /授权不包含会员信息/);
  assert.equal(page.data.error.label, '重新授权');
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
  assert.equal(row(page, 'nick_name').server, '完整示例');
});

test('a 401 right after consent is told, and the scope just given is not lost to a silent login', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.refusing = [null, { status: 401, code: 'session-ended' }];
  await tap(page, 'getProfile');
  assert.equal(count(phone, 'auth_base'), 0);
  assert.equal(phone.saved().scope, 'auth_user');
  assert.equal(page.data.error.label, '重新授权');
});
