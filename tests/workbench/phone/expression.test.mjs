// 数据绑定: the examples of Alipay's docs, and what must not be possible in {{ }}.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuser } from '../../../workbench/phone/components.js';
import { compileText } from '../../../workbench/phone/expression.js';
import { accepted, refusal } from './page.mjs';

const read = (text, data = {}, body = false) =>
  compileText(text, 0, '', refuser('a.axml', text), body).value(data);

test('docs: 数据绑定', () => {
  for (const [text, data, expected] of [
    ['{{ message }}', { message: 'Hello alipay!' }, 'Hello alipay!'],
    ['item-{{id}}', { id: 0 }, 'item-0'],
    ['{{condition}}', { condition: true }, true],
    ['{{false}}', {}, false],
    ['false', {}, 'false'], // a string, and so true
    ['{{flag ? true : false}}', { flag: 1 }, true],
    ['{{a + b}} + {{c}} + d', { a: 1, b: 2, c: 3 }, '3 + 3 + d'],
    ['{{length > 5}}', { length: 6 }, true],
    ['{{"hello" + name}}', { name: 'alipay' }, 'helloalipay'],
    [
      '{{object.key}} {{array[0]}}',
      { object: { key: 'Hello ' }, array: ['alipay'] },
      'Hello  alipay',
    ],
    ['{{[zero, 1, 2, 3, 4]}}', { zero: 0 }, [0, 1, 2, 3, 4]],
    ["{{item % 2 == 0 ? 'even' : 'odd'}}", { item: 3 }, 'odd'],
  ])
    assert.deepEqual(read(text, data), expected, text);
});

test('docs: the data of a template', () => {
  for (const [text, data, expected] of [
    ['{{foo: a, bar: b}}', { a: 1, b: 2 }, { foo: 1, bar: 2 }],
    [
      '{{...obj1, ...obj2, e: 5}}',
      { obj1: { a: 1, b: 2 }, obj2: { c: 3, d: 4 } },
      { a: 1, b: 2, c: 3, d: 4, e: 5 },
    ],
    ['{{foo, bar}}', { foo: 'my-foo', bar: 'my-bar' }, { foo: 'my-foo', bar: 'my-bar' }],
    [
      '{{...obj1, ...obj2, a, c: 6}}',
      { obj1: { a: 1, b: 2 }, obj2: { b: 3, c: 4 }, a: 5 },
      { a: 5, b: 3, c: 6 },
    ],
  ])
    assert.deepEqual(read(text, data, true), expected, text);
});

test('operators, paths, literals and entities', () => {
  for (const [text, data, expected] of [
    ['{{1 - 2 - 3 * 2 % 4}}', {}, -3],
    ['{{(1 + 2) * 3 / 2}}', {}, 4.5],
    ['{{!a || b && !c}}', { a: 1, b: 2, c: 0 }, true],
    ['{{a ? b ? 1 : 2 : 3}}', { a: true, b: false }, 2],
    ['{{-a + +b}}', { a: 1, b: '3' }, 2],
    ['{{a === b}} {{a == b}} {{a !== b}} {{a != b}}', { a: 1, b: '1' }, 'false true true false'],
    ['{{a <= b}}{{a >= b}}{{a < b}}', { a: 1, b: 2 }, 'truefalsetrue'],
    ["{{ {a: {'b-c': [1]}} }}", {}, { a: { 'b-c': [1] } }],
    ['{{{a:{b:1}}}}', {}, { a: { b: 1 } }],
    ['{{[...list, 3]}}', { list: [1, 2] }, [1, 2, 3]],
    ["{{rows[n - 1]['name'].length}}", { rows: [{ name: '会员' }], n: 1 }, 2],
    ['{{"a}}b"}}', {}, 'a}}b'],
    ['{{昵称}}', { 昵称: '王誠' }, '王誠'],
    ['[{{none}}{{none.deeper}}{{nothing}}]', { nothing: null }, '[]'],
    ['a &lt; b &amp;&amp; c&nbsp;', {}, 'a < b && c\u00a0'],
  ])
    assert.deepEqual(read(text, data), expected, text);
});

test('nothing inherited can be read', () => {
  for (const name of [
    'toString',
    'valueOf',
    'hasOwnProperty',
    'list.map',
    'text.trim',
    'list[way]',
  ]) {
    assert.equal(read(`{{${name}}}`, { list: [1], text: 'x', way: 'concat' }), undefined, name);
  }
});

test('calls, assignments, prototypes and invalid syntax are refused with their line', () => {
  const data = { a: {}, k: '__proto__' };
  const texts = [
    '{{f()}}',
    '{{a.b(1)}}',
    '{{a[0]()}}',
    '{{a = 1}}',
    '{{a += 1}}',
    '{{a++}}',
    '{{--a}}',
    '{{() => 1}}',
    '{{a => a}}',
    '{{new Date}}',
    '{{a; b}}',
    '{{`a`}}',
    '{{a, b}}',
    '{{}}',
    '{{a',
    '{{a}',
    '{{a} }',
    '{{a b}}',
    '{{a.}}',
    '{{[1, 2}}',
    '{{ {a: } }}',
    '{{a.__proto__}}',
    "{{a['constructor']}}",
    "{{a['proto' + 'type']}}",
    '{{constructor}}',
    '{{ {__proto__: a} }}',
    "{{ {'constructor': a} }}",
    '{{a[[k]]}}',
    '&bogus;',
  ];
  const cases = texts.map((text) => [`\n\n${text}`, 3]);
  assert.deepEqual(
    accepted(cases, 'a.axml', (text) => read(text, data)),
    [],
  );
});

test('a call is refused as a call', () =>
  assert.match(refusal(() => read('{{a.b(1)}}')).message, /不能调用函数/));

test('a spread copies an own __proto__ key without changing any prototype', () => {
  const made = read('{{...data}}', { data: JSON.parse('{"__proto__": {"admin": true}}') }, true);
  assert.equal(made.admin, undefined);
  assert.equal({}.admin, undefined);
});
