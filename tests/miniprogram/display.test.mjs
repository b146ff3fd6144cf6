// What the client is told, and leaving: log out, forget me.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Phone, DISPLAYED, arrive, count, index, row, tap } from './stub.mjs';

for (const how of ['missing', 'failing']) {
  test(`my.getAuthUserInfo ${how}: the button is offered, never forced`, async () => {
    const phone = new Phone();
    if (how === 'missing') delete phone.api.getAuthUserInfo;
    else phone.failing.getAuthUserInfo = [{ error: 4 }];
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

const OPEN_INFO = [
  [{ code: '40003' }, /还没有同意/],
  [{ code: '40006' }, /「获取会员基础信息」产品/],
  [{ code: '20000' }, /没能读取/],
  [undefined, /没能读取/],
];
for (const [answer, sentence] of OPEN_INFO) {
  test(`my.getOpenUserInfo ${answer ? answer.code : 'without an answer'} has its sentence; the server's side stays`, async () => {
    const phone = new Phone();
    delete phone.api.getAuthUserInfo;
    phone.openUserInfo = answer;
    const page = await arrive(phone);
    await tap(page, 'getProfile');
    await tap(page, 'readDisplay');
    assert.match(page.data.error.message, sentence);
    assert.equal(page.data.error.label, '');
    assert.equal(row(page, 'nick_name').server, '完整示例');
    assert.equal(page.data.offerDisplay, true);
  });
}

test('refusing the display button has its own sentence', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'displayRefused');
  assert.match(page.data.error.message, /没有同意显示昵称和头像/);
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
  assert.equal(page.data.offerDisplay, false); // told nothing is not the same as not told
});

test('logging out leaves nothing behind', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  await tap(page, 'logOut');
  assert.deepEqual(phone.log, ['DELETE /api/session']);
  assert.match(page.data.notice, /已退出登录/);
  assert.deepEqual([page.data.rows, phone.saved().token], [[], '']);
});

test('a log-out that did not reach the server is told and can be repeated', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.failing.request = [{ error: 12 }];
  await tap(page, 'logOut');
  assert.equal(page.data.error.code, 'my.request 12');
  assert.notEqual(phone.saved().token, '');
  await tap(page, 'goOn');
  assert.match(page.data.notice, /已退出登录/);
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
  assert.match(page.data.notice, /已删除/);
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
  assert.match(page.data.notice, /已删除/);
});
