// The mini-program is copied alone, so it has its own words for the fields: the same as the
// project's table, which the server's pages and explanations use.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ROOT } from './stub.mjs';

const { FIELDS } = await import(new URL('pages/member/fields.js', ROOT));
const table = JSON.parse(
  readFileSync(new URL('../alipay_member/explain/fields.json', ROOT), 'utf8'),
);
const ofAlipay = table.filter(({ source }) => source !== 'server');

test('the fields are those of the table that come from Alipay, in its order', () => {
  assert.deepEqual(
    Object.keys(FIELDS),
    ofAlipay.map(({ name }) => name),
  );
});

test("labels and values are the table's", () => {
  for (const { name, zh, values = {} } of ofAlipay) {
    const meanings = Object.entries(values).map(([value, meaning]) => [value, meaning.zh]);
    assert.equal(FIELDS[name].label, zh);
    assert.deepEqual(FIELDS[name].values ?? {}, Object.fromEntries(meanings), name);
  }
});

test("why a field is empty is the table's reason, in fewer words", () => {
  for (const { name, zh, empty } of ofAlipay.filter((one) => FIELDS[one.name].empty)) {
    assert.equal(FIELDS[name].empty, `没有设置${zh}`);
    assert.match(empty.zh, new RegExp(`^没有${zh}：.*用户没有设置`));
  }
});

test('of the two fields that a person sets, each says why it is empty', () => {
  const displayed = Object.keys(FIELDS).filter((name) => FIELDS[name].client);
  assert.deepEqual(displayed, ['nick_name', 'avatar']);
  for (const name of displayed) assert.ok(FIELDS[name].empty, name);
});

test('a company account has no nickname: the table says so as well', () => {
  const [nickName] = table.filter(({ name }) => name === 'nick_name');
  assert.match(nickName.empty.zh, /企业账户取不到昵称/);
});
