// The mini-program's files: read byte for byte, and made ready to run.
import { convert } from './acss.js';
import { parse } from './axml.js';
import { refuser } from './refusal.js';
import { FILES } from './workbench.js';

const KEYFRAMES = /@keyframes[^{]*\{([^{}]*\{[^}]*\})*[^}]*\}/g;

/** The options of the newest Page({…}). @type {Definition['options']} */
let declared = {};

/** Each page's script calls this global once. @param {Definition['options']} options */
export function Page(options) {
  declared = options;
}

/** @param {string} path */
async function readText(path) {
  const answer = await fetch(FILES + path);
  return answer.ok ? answer.text() : refuser(path, '')('没有这个文件');
}

/** @param {string} path */
export const readJSON = async (path) => JSON.parse(await readText(path));

/** A style sheet that reaches only what is in <main>. @param {string} path */
export async function readStyle(path) {
  const css = convert(await readText(path), path);
  const keyframes = css.match(KEYFRAMES) ?? []; // these can't be nested
  const rules = css.replace(KEYFRAMES, '');
  return new CSSStyleSheet().replace(`${keyframes.join('')} main {${rules}}`);
}

/** Runs a script of the mini-program; gives what it exports. @param {string} path */
export const run = (path) => import(`${FILES}${path}`);

/** @type {(path: string, appTitle: string) => Promise<Definition>} */
export async function readPage(path, appTitle) {
  await run(`${path}.js`);
  const options = declared;
  const { defaultTitle = appTitle } = await readJSON(`${path}.json`);
  const style = await readStyle(`${path}.acss`);
  const tree = parse(await readText(`${path}.axml`), `${path}.axml`);
  return { options, title: defaultTitle, tree, style };
}
