// 事件: the examples of Alipay's docs; the keyboard; the getAuthorize button.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TAGS } from '../../../workbench/phone/components.js';
import { TRIGGERS, open, refusal } from './page.mjs';

test('docs: the event of a tap inside', () => {
  const seen = [];
  const page = open(
    `<view id="tapTest" data-hi="Alipay" data-alpha-beta="{{1}}" onTap="tapName">
    <view id="tapTestInner" data-hi="AlipayInner"> Click me! </view>
  </view>`,
    {},
    { tapName: (event) => seen.push(event) },
  );
  page.find('tapTestInner').click();
  const [{ timeStamp, ...event }] = seen,
    dataset = { hi: 'Alipay', alphaBeta: 1 };
  assert.ok(Math.abs(timeStamp - Date.now()) < 5000);
  assert.deepEqual(event, {
    type: 'tap',
    target: { id: 'tapTestInner', tagName: 'view', dataset, targetDataset: { hi: 'AlipayInner' } },
    currentTarget: { id: 'tapTest', tagName: 'view', dataset },
    detail: {},
  });
});

test('a tap on the native picture inside an image is a tap on the image', () => {
  const seen = [],
    page = open(
      '<view id="v" onTap="tap"><image id="i" data-n="{{1}}"/></view>',
      {},
      { tap: (event) => seen.push(event) },
    );
  page.find('i').childNodes[0].click();
  assert.deepEqual(
    [seen[0].target.id, seen[0].target.targetDataset, seen[0].currentTarget.id],
    ['i', { n: 1 }, 'v'],
  );
});

test('docs: on bubbles, catch stops', () => {
  const calls = [],
    handlers = Object.fromEntries([1, 2, 3].map((n) => [`handleTap${n}`, () => calls.push(n)]));
  const page = open(
    `<view id="outter" onTap="handleTap1">view1
    <view id="middle" catchTap="handleTap2">view2
      <view id="inner" onTap="handleTap3">view3</view>
    </view>
  </view>`,
    {},
    handlers,
  );
  for (const id of ['inner', 'middle', 'outter']) page.find(id).click();
  assert.deepEqual(calls, [3, 2, 2, 1]);
});

test('what can be tapped is a button for the keyboard; Enter and Space press it once', () => {
  let taps = 0;
  const page = open(
    '<view id="a" onTap="tap"><view id="b"/></view><view id="c"/>',
    {},
    {
      tap: () => {
        taps += 1;
      },
    },
  );
  const a = page.find('a');
  assert.deepEqual([a.role, a.tabIndex], ['button', 0]);
  assert.equal(page.find('c').role, undefined);
  assert.deepEqual(
    [a.press('Enter'), a.press(' '), a.press(' ', { repeat: true })],
    [true, true, true],
  );
  assert.deepEqual(
    [a.press('Tab'), a.press('x'), a.press('Enter', { target: page.find('b') })],
    [false, false, false],
  );
  assert.equal(taps, 2);
});

test("getAuthorize: agreed is onGetAuthorize, refused is onError with Alipay's detail", async () => {
  const axml =
    '<button open-type="getAuthorize" scope="userInfo" onGetAuthorize="yes" onError="no">x</button>';
  const seen = [],
    handlers = {
      yes: ({ type }) => seen.push(type),
      no: ({ type, detail }) => seen.push(type, detail),
    };
  open(axml, {}, handlers, async () => {}).root.childNodes[0].click();
  await new Promise(setImmediate);
  open(axml, {}, handlers, () =>
    Promise.reject({ error: 11, errorMessage: '用户取消授权' }),
  ).root.childNodes[0].click();
  await new Promise(setImmediate);
  assert.deepEqual(seen, [
    'getAuthorize',
    'error',
    { type: 'getAuthorize', errorMessage: '用户取消授权' },
  ]);
});

test('getAuthorize whose scope comes out empty: refused where it stands, Alipay is not asked', () => {
  const asked = [];
  const axml = '<view/>\n<button open-type="getAuthorize" scope="{{scope}}">x</button>';
  const page = open(axml, {}, {}, async () => asked.push('authorize'));
  const refused = refusal(() => page.root.childNodes[1].click());
  assert.deepEqual([refused.file, refused.line], ['pages/a/a.axml', 2]);
  assert.match(refused.message, /scope="userInfo"/);
  assert.deepEqual(asked, []);
});

test('a handler that the page lacks is named with its line when it is needed', () => {
  const page = open('<view/>\n<view id="a" onTap="gone"/>');
  assert.equal(refusal(() => page.find('a').click()).line, 2);
});

test('every event of every tag reaches its handler', async () => {
  const silent = [];
  for (const [tag, names] of TAGS) {
    for (const name of names.filter((each) => /^(on|catch)[A-Z]/.test(each))) {
      const trigger = TRIGGERS.get(name.replace(/^(on|catch)/, ''));
      assert.ok(trigger, `page.mjs has no trigger for ${name}`);
      const { attributes = '', isRefused = false, act } = trigger;
      const heard = [];
      const page = open(
        `<${tag} ${attributes} ${name}="hear"/>`,
        {},
        { hear: ({ type }) => heard.push(type) },
        async () => {
          if (isRefused) throw { errorMessage: '用户取消授权' };
        },
      );
      act(page.root.childNodes[0]);
      await new Promise(setImmediate);
      if (heard.length !== 1) silent.push(`<${tag} ${name}>`);
    }
  }
  assert.deepEqual(silent, []);
});
