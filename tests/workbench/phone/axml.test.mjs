// 条件渲染, 列表渲染, 模板: the examples of Alipay's docs; and that everything else is refused with
// file and line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted, open } from './page.mjs';

test('docs: a:if, a:elif, a:else', () => {
  const axml = `
    <view a:if="{{length > 5}}"> 1 </view>
    <view a:elif="{{length > 2}}"> 2 </view>
    <!-- a comment between them is no sibling -->
    <view a:else> 3 </view>`;
  for (const [length, expected] of [
    [6, 1],
    [5, 2],
    [3, 2],
    [2, 3],
  ])
    assert.equal(open(axml, { length }).text, `<view>${expected}</view>`);
});

test('docs: block a:if is not rendered itself', () => {
  assert.equal(
    open('<block a:if="{{true}}"><view> view1 </view><view> view2 </view></block>').text,
    '<view>view1</view><view>view2</view>',
  );
  assert.equal(open('<block a:if="{{false}}"><view/></block>').text, '');
});

test('docs: hidden keeps the element, a:if does not', () => {
  assert.equal(
    open('<view hidden="{{flag ? true : false}}"> Hidden </view>', { flag: true }).text,
    '<view hidden="">Hidden</view>',
  );
  assert.equal(
    open('<view hidden="{{flag ? true : false}}"> Hidden </view>', { flag: false }).text,
    '<view>Hidden</view>',
  );
});

test("docs: a:for with item and index, and with names of one's own", () => {
  const array = [{ message: 'foo' }, { message: 'bar' }],
    expected = '<view>0: foo</view><view>1: bar</view>';
  assert.equal(
    open('<view a:for="{{array}}">\n  {{index}}: {{item.message}}\n</view>', { array }).text,
    expected,
  );
  const named =
    '<view a:for="{{array}}" a:for-index="idx" a:for-item="itemName">{{idx}}: {{itemName.message}}</view>';
  assert.equal(open(named, { array }).text, expected);
});

test('docs: nested a:for makes the multiplication table', () => {
  const { text } = open(`<view a:for="{{[1, 2, 3, 4, 5, 6, 7, 8, 9]}}" a:for-item="i">
    <view a:for="{{[1, 2, 3, 4, 5, 6, 7, 8, 9]}}" a:for-item="j">
      <view a:if="{{i <= j}}"> {{i}} * {{j}} = {{i * j}} </view>
    </view>
  </view>`);
  assert.equal(text.match(/ = /g).length, 45);
  assert.ok(text.includes('<view>7 * 8 = 56</view>') && !text.includes('8 * 7'));
});

test('docs: block a:for', () => {
  const expected = [1, 2, 3]
    .map((item, index) => `<view>${index}:</view><view>${item}</view>`)
    .join('');
  assert.equal(
    open('<block a:for="{{[1, 2, 3]}}"><view> {{index}}: </view><view> {{item}} </view></block>')
      .text,
    expected,
  );
});

for (const key of ['a:key="*this"', 'key="{{item}}"']) {
  test(`docs: bring to front, ${key}: elements move and are not made anew`, () => {
    let list = ['1', '2', '3', '4'];
    const page = open(
      `<view class="container"><view a:for="{{list}}" ${key}>
      <view onTap="bringToFront" data-value="{{item}}">{{item}}: click to bring to front</view>
    </view></view>`,
      { list },
      {
        bringToFront({ target }) {
          const { value } = target.dataset;
          list = [value, ...list.filter((item) => item !== value)];
          page.show({ list });
        },
      },
    );
    const before = [...page.root.childNodes[0].childNodes];
    before[2].childNodes[0].click();
    assert.deepEqual(
      page.root.childNodes[0].childNodes,
      [2, 0, 1, 3].map((i) => before[i]),
    );
    assert.match(page.text, /^<view class="container"><view><view>3: click/);
  });
}

test('a:key names a property of the item', () => {
  const rows = [{ id: 'a' }, { id: 'b' }],
    page = open('<view a:for="{{rows}}" a:key="id">{{item.id}}</view>', { rows });
  const [a, b] = page.root.childNodes;
  page.show({ rows: rows.toReversed?.() ?? [...rows].reverse() });
  assert.deepEqual([...page.root.childNodes], [b, a]);
  page.show({ rows: [{ id: 'b' }] });
  assert.deepEqual([...page.root.childNodes], [b]);
});

test('setData changes what differs and keeps every element; another branch is another element', () => {
  const page = open(
    '<view class="{{c}}">{{t}}</view><button a:if="{{x}}">1</button><button a:else>2</button>',
    { c: 'a', t: 'b', x: 1 },
  );
  const [view, button] = page.root.childNodes;
  page.show({ c: 'd', t: 'e', x: 1 });
  assert.deepEqual([...page.root.childNodes], [view, button]);
  assert.equal(view.outline, '<view class="d">e</view>');
  page.show({ c: 'd', t: 'e', x: 0 });
  assert.equal(page.root.childNodes[0], view);
  assert.notEqual(page.root.childNodes[1], button); // else a second Enter would press what has just appeared
});

test('docs: templates see only their data, and `is` may be computed', () => {
  const message = `<template name="msgItem"><view><text> {{index}}: {{msg}} </text><text> Time: {{time}} </text></view></template>
    <template is="msgItem" data="{{...item}}"/>`;
  const item = { index: 0, msg: 'this is a template', time: '2019-04-19' };
  assert.equal(
    open(message, { item, msg: 'outside' }).text,
    '<view><text>0: this is a template</text><text>Time: 2019-04-19</text></view>',
  );
  assert.equal(
    open(message, { msg: 'outside' }).text,
    '<view><text>:</text><text>Time:</text></view>',
  );
  const parity = `<template name="odd"><view> odd </view></template><template name="even"><view> even </view></template>
    <block a:for="{{[1, 2, 3]}}"><template is="{{item % 2 == 0 ? 'even' : 'odd'}}"/></block>`;
  assert.equal(open(parity).text, '<view>odd</view><view>even</view><view>odd</view>');
});

test('docs: keywords need {{ }}: "false" is a string, and true', () => {
  assert.equal(
    open('<checkbox checked="{{false}}"> </checkbox>').all()[1].getAttribute('checked'),
    null,
  );
  assert.equal(open('<checkbox checked="false"> </checkbox>').all()[1].getAttribute('checked'), '');
  assert.equal(
    open('<button disabled="{{busy}}"/><button disabled/>', { busy: '' }).text,
    '<button></button><button disabled=""></button>',
  );
});

test('setData switches a checkbox that was touched; what it does not change stays as touched', () => {
  const page = open('<checkbox checked="{{on}}"/>', { on: false });
  const box = page.all()[1];
  box.click();
  page.show({ on: false, other: 1 });
  assert.equal(box.checked, true);
  page.show({ on: true });
  assert.equal(box.checked, true);
  page.show({ on: false });
  assert.equal(box.checked, false);
  box.click();
  box.click();
  page.show({ on: true });
  assert.equal(box.checked, true);
});

test('a tag with a native element inside may be written with an end, but holds nothing', () => {
  const axml = '<image src="a.png">\n<!-- a comment -->\n</image><checkbox> </checkbox>';
  assert.equal(
    open(axml).text,
    '<image><img src="a.png"></img></image><checkbox><input></input></checkbox>',
  );
});

test('aria, role, image: the name of a picture is its alt text', () => {
  assert.match(
    open('<image src="{{s}}" role="img" aria-label="风景画"/>', { s: 'a.png' }).text,
    /^<image><img src="a.png" role="img" aria-label="风景画"><\/img><\/image>$/,
  );
  assert.equal(
    open('<view role="heading" aria-level="1">标题</view>').text,
    '<view role="heading" aria-level="1">标题</view>',
  );
});

test('< and && in {{ }} do not end the text; entities are read', () => {
  assert.equal(
    open('<view>{{a < b && b < c}}&lt;b&gt;</view>', { a: 1, b: 2, c: 3 }).text,
    '<view>true<b></view>',
  );
});

test('whatever the phone does not support is refused with file and line', () => {
  const cases = [
    ['<view>\n<input/>\n</view>', 2],
    ['<web-view src="x"/>', 1],
    ['<div>\n</div>', 1],
    ['<View/>', 1],
    ['<import src="./a.axml"/>', 1],
    ['<view\n  class="a"\n  hover-class="b"/>', 3],
    ['<view ontap="f"/>', 1],
    ['<view onTouchStart="f"/>', 1],
    ['<block class="a"/>', 1],
    ['<block key="a"/>', 1],
    ['<view wx:if="{{a}}"/>', 1],
    ['<image onLoad="f"/>', 1],
    ['<button form-type="submit"/>', 1],
    ['\n<button open-type="share"/>', 2],
    ['<button open-type="getAuthorize" scope="phoneNumber"/>', 1],
    ['\n<button open-type="getAuthorize" onGetAuthorize="f"/>', 2],
    ['<view a:if="{{never}}">\n<button open-type="{{a}}"/>\n</view>', 2],
    ['<block a:if="{{never}}">\n{{yes ? 1 : a[\'constructor\']}}</block>', 2],
    ['<image mode="center"/>', 1],
    ['<view>\n<image>lost</image></view>', 2],
    ['\n<checkbox\n><view/></checkbox>', 2],
    ['<view>\n\n</text>', 3],
    ['\n<view>\n', 2],
    ['</view>', 1],
    ['<view class=a/>', 1],
    ['<view class="a/>', 1],
    ['<view', 1],
    ['< view/>', 1],
    ['<view>a</view>\n<view a:else/>', 2],
    ['<view a:if="{{a}}"/>x<view a:else/>', 1],
    ['<view a:if="{{a}}"/><view a:else/><view a:else/>', 1],
    ['<view a:for="{{a}}" a:if="{{b}}"/><view a:else/>', 1],
    ['<view a:if="{{a}}"/>\n<view a:elif="{{b}}" a:for="{{c}}"/>', 2],
    ['\n<view a:for="{{n}}"/>', 2, { n: 3 }],
    ['<template is="gone"/>', 1],
    ['<view>\n{{a(1)}}</view>', 2],
    ['<view class="x\n{{a.b()}}"/>', 2],
  ];
  assert.deepEqual(accepted(cases, 'pages/a/a.axml', open), []);
});
