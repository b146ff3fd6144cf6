// The files' own rules: what keeps one source valid in Alipay's IDE, in the browser's phone and in Node.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { PAGES, ROOT, read } from './stub.mjs';

const files = readdirSync(ROOT, { recursive: true })
  .map(String)
  .filter((name) => /\.\w+$/.test(name));
const ending = (suffix) => files.filter((name) => name.endsWith(suffix));
const TAGS = new Set(['view', 'text', 'image', 'button', 'block']);

test('every page of app.json has its .js, .axml and .json', () => {
  const { pages } = JSON.parse(read('app.json'));
  assert.equal(pages[0], 'pages/index/index');
  for (const page of pages)
    for (const suffix of ['.js', '.axml', '.json']) assert.ok(read(page + suffix));
});

test('mini.project.json is of format 2 and names no app id', () => {
  const project = JSON.parse(read('mini.project.json'));
  assert.equal(project.format, 2);
  assert.doesNotMatch(JSON.stringify(project), /appid/i);
});

test('imports are relative, with .js', () => {
  for (const file of ending('.js')) {
    for (const [, from] of read(file).matchAll(/^import .* from '(.*)';$/gm))
      assert.match(from, /^\.\.?\/.*\.js$/, `${file}: ${from}`);
  }
});

test('AXML stays within the supported tags, its handlers and data exist, its classes are styled', () => {
  for (const [path, options] of Object.entries(PAGES)) {
    const axml = read(`${path}.axml`);
    const acss = read('app.acss') + (files.includes(`${path}.acss`) ? read(`${path}.acss`) : '');
    for (const [, tag] of axml.matchAll(/<\/?([a-z-]+)/g))
      assert.ok(TAGS.has(tag), `${path}: <${tag}>`);
    for (const [, handler] of axml.matchAll(/ (?:on|catch)[A-Z]\w*="(\w+)"/g)) {
      assert.equal(typeof options[handler], 'function', `${path}: ${handler}`);
    }
    for (const [, code] of axml.matchAll(/\{\{(.*?)\}\}/g)) {
      const names = code.replace(/'[^']*'/g, '').match(/(?<![\w.])[a-z]\w*/g) || [];
      for (const name of names)
        assert.ok(name in options.data || name === 'item', `${path}: ${name}`);
    }
    for (const [, value] of axml.matchAll(/class="([^"]*)"/g)) {
      const classes = value.replace(/\{\{.*?\}\}/g, (code) =>
        (code.match(/'([\w-]*)'/g) || []).join(' ').replaceAll("'", ''),
      );
      for (const name of classes.split(/\s+/).filter(Boolean))
        assert.match(acss, new RegExp(`\\.${name}[\\s,{]`), `${path}: .${name}`);
    }
  }
});

test('ACSS has no attribute selector and no reserved prefix', () => {
  for (const file of ending('.acss'))
    assert.doesNotMatch(read(file).replace(/\/\*.*?\*\//gs, ''), /\[|\.a-|\.am-/, file);
});

test('consent is asked for in the member centre only', () => {
  for (const file of ending('.js')) {
    assert.equal(/signIn\('auth_user'\)/.test(read(file)), file === 'pages/member/member.js', file);
  }
});

test('the member centre says whose word each side is', () => {
  const axml = read('pages/member/member.axml');
  const sides = [
    ...axml.matchAll(
      /<view class="side (\w+)">\s*(.*?)<\/view>\s*<view class="side-note">(.*?)<\/view>/gs,
    ),
  ];
  assert.deepEqual(
    sides.map(([, side, , note]) => [side, note]),
    [
      ['displayed', '未签名，只供展示'],
      ['saved', '支付宝签名，已验签'],
    ],
  );
});
