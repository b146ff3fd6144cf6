// What the phone refuses as a device does: other domains, a profile without consent. And setData's paths.
import assert from 'node:assert/strict';
import test from 'node:test';

const OWN = 'http://127.0.0.1:8000';
const element = () => ({ dataset: {}, lang: 'zh', addEventListener() {}, replaceChildren() {} });
const reports = [];
const person = { id: 'complete', nick_name: '完整示例', avatar: 'a.svg', consented: [] };
const emulated = {
  app_id: 'demo-mini',
  members: [person],
  apps: { 'demo-mini': { product: true } },
};
const asked = [];

Object.assign(globalThis, {
  location: { origin: OWN, search: '?app=miniprogram&member=complete' },
  document: { documentElement: element(), getElementById: element, createElement: element },
  addEventListener() {},
  CSSStyleSheet: class {
    replaceSync() {}
  },
  parent: {
    document: { documentElement: element() },
    postMessage: ({ phone: step }) => reports.push(step),
  },
  async fetch(address, init) {
    asked.push({ address, init });
    const body = address.endsWith('/members') ? emulated : { ok: true };
    return new Response(JSON.stringify(body));
  },
});
const { phone } = await import('../../../workbench/phone/device.js');
const { my } = await import('../../../workbench/phone/my/index.js');
const { assign } = await import('../../../workbench/phone/pages.js');
phone.apiOrigin = 'https://member.example.com';

const fails = async (promise) => {
  const { error } = await promise.then(assert.fail, (thrown) => thrown);
  return error;
};

test('an address that is not on the whitelist is 11, and nothing is sent', async () => {
  const before = asked.length;
  for (const url of [
    'https://evil.example/api/member',
    'http://member.example.com/api/member',
    'https://member.example.com:8443/api/member',
    'https://member.example.com.evil.example/',
  ])
    assert.equal(await fails(my.request({ url })), 11, url);
  assert.equal(asked.length, before);
});

test('an invalid address is 2', async () => {
  assert.equal(await fails(my.request({ url: '/api/member' })), 2);
});

test('the configured address leads to this page, without its cookies', async () => {
  const { data } = await my.request({ url: 'https://member.example.com/api/member' });
  assert.deepEqual(data, { ok: true });
  const { address, init } = asked.at(-1);
  assert.equal(address, `${OWN}/api/member`);
  assert.equal(init.credentials, 'omit');
});

test('my.getAuthUserInfo reveals nothing before consent', async () => {
  person.consented = [];
  assert.equal(await fails(my.getAuthUserInfo()), 4);
  person.consented = ['demo-web']; // consent is given to one app
  assert.equal(await fails(my.getAuthUserInfo()), 4);
});

test('my.getAuthUserInfo returns nickname and avatar after consent, and no more', async () => {
  person.consented = ['demo-mini'];
  assert.deepEqual(await my.getAuthUserInfo(), { nickName: '完整示例', avatar: 'a.svg' });
});

test('my.getOpenUserInfo reveals nothing before consent, nor without the product', async () => {
  const answer = async () => JSON.parse((await my.getOpenUserInfo()).response).response;
  person.consented = [];
  assert.equal((await answer()).code, '40003');
  assert.equal((await answer()).nickName, undefined);
  emulated.apps['demo-mini'].product = false;
  assert.equal((await answer()).code, '40006');
  emulated.apps['demo-mini'].product = true;
  person.consented = ['demo-mini'];
  assert.equal((await answer()).nickName, '完整示例');
});

test('setData paths: array[0].text, object.text, a field that did not exist', () => {
  const data = { array: [{ text: 'a' }], object: { text: 'blue' } };
  assign(data, 'array[0].text', 'b');
  assign(data, 'object.text', 'red');
  assign(data, 'newField.rows[1].text', 'c');
  assert.deepEqual(data, {
    array: [{ text: 'b' }],
    object: { text: 'red' },
    newField: { rows: [, { text: 'c' }] },
  }); // eslint-disable-line no-sparse-arrays
  for (const path of ['__proto__.x', 'object.constructor.x', 'a.prototype'])
    assert.throws(() => assign(data, path, 1));
  assert.equal({}.x, undefined);
});
