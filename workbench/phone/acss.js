// ACSS to CSS.
import { refuser } from './components.js';

const COMMENT_OR_STRING = /\/\*[^]*?\*\/|"[^"\n]*"|'[^'\n]*'/g;
const LENGTH = /(?<![\w.-])(-?\d*\.?\d+)rpx\b/g;
// In a selector: an [attribute], or a class name that Alipay keeps for itself.
const UNSUPPORTED = /@import|(?<=^|[{};])[^{};@]*?(?<part>\[|\.am?-)(?=[^{};]*\{)/;

/** 750 rpx are the width of any screen. @type {(css: string) => string} */
export const rpx = (css) => css.replace(LENGTH, 'calc($1 * 100vw / 750)');

/** @type {(source: string, file: string) => string} */
export function convert(source, file) {
  const bare = source.replace(COMMENT_OR_STRING, blank);
  const found = UNSUPPORTED.exec(bare);
  if (found) {
    const name = found.groups?.part ?? found[0];
    const end = found.index + found[0].length;
    refuser(file, source)(`ACSS 不支持 ${name}`, end - 1);
  }
  return rpx(source);
}

/** Spaces of the same shape, so that lines stay where they are. @type {(text: string) => string} */
const blank = (text) => text.replace(/[^\n]/g, ' ');
