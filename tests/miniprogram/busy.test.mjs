// The server refreshes the token for another request: the sample waits as long as it is told, once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Phone, arrive, count, memberCentre, row, tap } from './stub.mjs';

const busy = (headers) => ({ status: 503, code: 'refresh-under-way', headers });

/** Runs `work` with a setTimeout that does not wait; the milliseconds that were asked for. */
async function waits(work) {
  const { setTimeout: real } = globalThis;
  const asked = [];
  globalThis.setTimeout = (handler, milliseconds) => {
    asked.push(milliseconds);
    return setImmediate(handler);
  };
  try {
    await work();
  } finally {
    globalThis.setTimeout = real;
  }
  return asked;
}

for (const [name, headers, expected] of [
  ['Retry-After', { 'Retry-After': '2' }, 2000],
  ['retry-after in lower case', { 'retry-after': '2' }, 2000],
  ['no header', undefined, 1000],
  ['a header that is no number', { 'Retry-After': 'Wed, 21 Oct' }, 1000],
  ['an hour', { 'Retry-After': '3600' }, 1000],
]) {
  for (const httpErrors of ['success', 'fail', 'fail-text']) {
    test(`${name}, told in ${httpErrors}: it waits and asks once more`, async () => {
      const phone = new Phone();
      phone.signIn('auth_user');
      phone.httpErrors = httpErrors;
      phone.refusing = [busy(headers)];
      let page;
      const asked = await waits(async () => {
        page = await memberCentre(phone);
      });
      assert.deepEqual(asked, [expected]);
      assert.equal(count(phone, 'GET /api/member'), 2);
      assert.equal(page.data.error, null);
      assert.equal(row(page, 'open_id').server, 'open-1');
    });
  }
}

test('a server that is still busy is shown, with 重试', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.signIn('auth_user');
  phone.refusing = [busy(), busy()];
  await waits(() => tap(page, 'getProfile'));
  assert.equal(page.data.error.code, 'refresh-under-way');
  assert.equal(page.data.error.label, '重试');
  assert.equal(count(phone, 'POST /api/member'), 2);
  await tap(page, 'goOn');
  assert.equal(page.data.error, null);
});

test('another 503 is not asked again by itself', async () => {
  const phone = new Phone();
  phone.signIn('auth_user');
  phone.refusing = [{ status: 503, code: 'http-503' }];
  const page = await memberCentre(phone);
  assert.equal(count(phone, 'GET /api/member'), 1);
  assert.equal(page.data.error.label, '重试');
});
