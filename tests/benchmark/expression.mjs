// What compiling {{ }} once saves: a button's label, drawn from its compiled text, beside the same
// label compiled anew for each draw. Run: node tests/benchmark/expression.mjs
import { refuser } from '../../workbench/phone/components.js';
import { compileText } from '../../workbench/phone/expression.js';

const LABEL =
  "{{busy === 'getProfile' ? '正在获取…' : authorised ? '更新会员信息' : '授权并获取会员信息'}}";
const DATA = { busy: '', authorised: true };
const ROUNDS = 200_000;

const compile = () => compileText(LABEL, 0, '', refuser('label.axml', LABEL), false).value;

/** Nanoseconds that `work` takes, after a warm-up. */
function measure(work) {
  for (let i = 0; i < ROUNDS / 10; i += 1) work();
  const start = process.hrtime.bigint();
  for (let i = 0; i < ROUNDS; i += 1) work();
  return Number(process.hrtime.bigint() - start) / ROUNDS;
}

const label = compile();
const once = measure(() => label(DATA));
const each = measure(() => compile()(DATA));
console.log(`compiled once:          ${once.toFixed(0)} ns a draw`);
console.log(`compiled for each draw: ${each.toFixed(0)} ns a draw`);
console.log(`ratio:                  ${(each / once).toFixed(0)}`);
