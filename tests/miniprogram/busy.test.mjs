// The server refreshes the token for another request: the sample waits as long as Retry-After says, once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BUSY, Phone, arrive, count, memberCentre, row, showsError, tap } from './stub.mjs';

const busy = (headers) => ({ status: 503, code: BUSY, headers });

/** Runs `work` with a setTimeout that does not wait; returns the milliseconds of each. */
async function waits(work) {
  const { setTimeout: real } = globalThis;
  const waited = [];
  globalThis.setTimeout = (handler, milliseconds) => {
    waited.push(milliseconds);
    return setImmediate(handler);
  };
  try {
    await work();
  } finally {
    globalThis.setTimeout = real;
  }
  return waited;
}

for (const [name, headers, expected, httpErrors] of [
  ['Retry-After', { 'Retry-After': '2' }, 2000, 'success'],
  ['retry-after in lower case', { 'retry-after': '2' }, 2000, 'fail'],
  ['no header', undefined, 1000, 'fail-text'],
  ['an invalid header', { 'Retry-After': 'Wed, 21 Oct' }, 1000, 'success'],
  ['an hour', { 'Retry-After': '3600' }, 1000, 'fail'],
]) {
  test(`${name}, by ${httpErrors}: it waits and asks once more`, async () => {
    const phone = new Phone();
    phone.signIn('auth_user');
    phone.httpErrors = httpErrors;
    phone.refusing = [busy(headers)];
    let page;
    const waited = await waits(async () => {
      page = await memberCentre(phone);
    });
    assert.deepEqual(waited, [expected]);
    assert.equal(count(phone, 'GET /api/member'), 2);
    assert.equal(page.data.error, null);
    assert.equal(row(page, 'open_id').server, 'open-1');
  });
}

test('a server that stays busy is an error, with 重试', async () => {
  const phone = new Phone();
  const page = await arrive(phone);
  phone.signIn('auth_user');
  phone.refusing = [busy(), busy()];
  await waits(() => tap(page, 'getProfile'));
  showsError(page, BUSY, 'retry', 503);
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
  showsError(page, 'http-503', 'retry', 503);
});
