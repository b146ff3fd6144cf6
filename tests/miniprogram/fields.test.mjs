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

for (const { name, zh, values = {}, empty } of ofAlipay) {
  test(`${name}: label and values are the table's`, () => {
    const meanings = Object.entries(values).map(([value, meaning]) => [value, meaning.zh]);
    assert.equal(FIELDS[name].label, zh);
    assert.deepEqual(FIELDS[name].values ?? {}, Object.fromEntries(meanings));
  });

  if (FIELDS[name].empty)
    test(`${name}: why it is empty is the table's reason, in fewer words`, () => {
      assert.equal(FIELDS[name].empty, `没有设置${zh}`);
      assert.match(empty.zh, new RegExp(`^没有${zh}：.*用户没有设置`));
    });
}

test('of the two fields that a person sets, each says why it is empty', () => {
  const told = Object.keys(FIELDS).filter((name) => FIELDS[name].client);
  assert.deepEqual(told, ['nick_name', 'avatar']);
  for (const name of told) assert.ok(FIELDS[name].empty, name);
});

test('a company account has no nickname: the table says so as well', () => {
  const [nickName] = table.filter(({ name }) => name === 'nick_name');
  assert.match(nickName.empty.zh, /企业账户取不到昵称/);
});
