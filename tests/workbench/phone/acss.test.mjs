// ACSS: rpx, and what Alipay does not allow in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convert, rpx } from '../../../workbench/phone/acss.js';
import { accepted } from './page.mjs';

test('750 rpx are the width of the screen', () => {
  assert.equal(
    rpx('width: 750rpx; margin: -1.5rpx auto .5rpx'),
    'width: calc(750 * 100vw / 750); margin: calc(-1.5 * 100vw / 750) auto calc(.5 * 100vw / 750)',
  );
  assert.equal(rpx('.a-rpx{} .b2rpxx{}'), '.a-rpx{} .b2rpxx{}');
});

test('ordinary CSS passes unchanged', () => {
  const css = `/* [x] .a-b { */ page { color: red; } .card > view:first-child::after { content: "[.am-]{"; }
    @media (min-width: 400px) { .area { grid-area: main; grid-template-columns: [full] 1fr; } } .button-a-b {} .label {}`;
  assert.equal(convert(css, 'app.acss'), css);
});

test('attribute selectors, reserved class names and imports are refused with their line', () => {
  const cases = [
    ['view[hidden] {}', 1],
    ['.x {}\n\nbutton[type="primary"] {}', 3],
    ['@media print {\n .y [z] { color: red }\n}', 2],
    ['.b {}\n.a-button {}', 2],
    ['.card\n.am-list {}', 2],
    ['/* a\n */ @import "./b.acss";', 2],
  ];
  assert.deepEqual(
    accepted(cases, 'app.acss', (css) => convert(css, 'app.acss')),
    [],
  );
});
