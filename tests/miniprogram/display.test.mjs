// The display profile, which only the client gets; and leaving: log out, forget me.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  DISPLAYED,
  PROFILE,
  Phone,
  arrive,
  count,
  errorFor,
  index,
  row,
  showsError,
  tap,
} from './stub.mjs';

for (const how of ['missing', 'failing']) {
  test(`my.getAuthUserInfo ${how}: the button is offered, never forced`, async () => {
    const phone = new Phone();
    if (how === 'missing') delete phone.api.getAuthUserInfo;
    else phone.errors.getAuthUserInfo = [{ error: 4 }];
    const page = await arrive(phone);
    await tap(page, 'getProfile');
    assert.equal(page.data.error, null);
    assert.equal(page.data.offerDisplay, true);
    assert.equal(count(phone, 'getOpenUserInfo'), 0);
    assert.equal(row(page, 'nick_name').clientNote, '尚未读取');
    await tap(page, 'readDisplay', 'readDisplay');
    assert.equal(count(phone, 'getOpenUserInfo'), 1);
    assert.equal(row(page, 'nick_name').client, DISPLAYED.nickName);
    assert.equal(page.data.offerDisplay, false);
  });
}

for (const answer of [{ code: '40003' }, { code: '40006' }, { code: '20000' }, undefined]) {
  const code = answer?.code ?? '?';
  test(`my.getOpenUserInfo ${code} has its sentence; the server's side stays`, async () => {
    const phone = new Phone();
    delete phone.api.getAuthUserInfo;
    phone.openUserInfo = answer;
    const page = await arrive(phone);
    await tap(page, 'getProfile');
    await tap(page, 'readDisplay');
    showsError(page, `my.getOpenUserInfo ${code}`, 'none');
    assert.equal(page.data.error.label, '');
    assert.equal(row(page, 'nick_name').server, PROFILE.nick_name);
    assert.equal(page.data.offerDisplay, true);
  });
}

test('40003 and 40006 of my.getOpenUserInfo have sentences of their own', () => {
  const messages = ['40003', '40006', '20000'].map(
    (code) => errorFor(`my.getOpenUserInfo ${code}`).message,
  );
  assert.equal(new Set(messages).size, messages.length);
});

test('refusing the display button has its own sentence', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'displayRefused');
  showsError(page, 'getAuthorize', 'none');
});

test('an empty nickname and avatar are explained, on either side', async () => {
  const phone = new Phone();
  phone.api.getAuthUserInfo = ({ success }) => success({ nickName: '', avatar: '' });
  const page = await arrive(phone);
  phone.serve = ((serve) => (sent) => {
    const answer = serve.call(phone, sent);
    Object.assign(answer.data.member, { nick_name: null, avatar: null, user_type: '1' });
    return answer;
  })(phone.serve);
  await tap(page, 'getProfile');
  const [nick, avatar] = [row(page, 'nick_name'), row(page, 'avatar')];
  assert.deepEqual(
    [nick.client, nick.clientNote, nick.server, nick.serverNote],
    ['', '客户端得到的是空值', '', '企业账户没有昵称'],
  );
  assert.deepEqual([avatar.clientNote, avatar.serverNote], ['客户端得到的是空值', '没有设置头像']);
  assert.equal(page.data.offerDisplay, false); // empty is not the same as unread
});

test('logging out leaves nothing behind', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'logOut');
  assert.deepEqual(phone.log, ['DELETE /api/session']);
  assert.ok(page.data.notice);
  assert.deepEqual([page.data.rows, phone.saved().token], [[], '']);
});

test('a log-out that did not reach the server is an error and can be repeated', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.errors.request = [{ error: 12 }];
  await tap(page, 'logOut');
  assert.equal(page.data.error.code, 'my.request 12');
  assert.notEqual(phone.saved().token, '');
  await tap(page, 'goOn');
  assert.ok(page.data.notice);
});

test('forget me asks first, and only a yes deletes', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.confirms = false;
  await tap(page, 'forget');
  assert.deepEqual(phone.log, ['confirm']);
  phone.confirms = true;
  await tap(page, 'forget');
  assert.deepEqual(phone.log, ['confirm', 'confirm', 'DELETE /api/member']);
  assert.ok(page.data.notice);
  assert.deepEqual([page.data.rows, phone.saved().token], [[], '']);
  assert.equal((await index(phone)).data.signedOut, true);
});

test('forget me with an ended session logs in silently first, so that it really deletes', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.sessions.clear();
  await tap(page, 'forget');
  assert.deepEqual(phone.log, [
    'confirm',
    'DELETE /api/member',
    'auth_base',
    'POST /api/auth',
    'DELETE /api/member',
  ]);
  assert.ok(page.data.notice);
});
