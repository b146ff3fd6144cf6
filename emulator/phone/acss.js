import { refuser } from './refusal.js';

/** 750 rpx are the width of the screen, whatever it is. */
export const rpx = (css) => css.replace(/(?<![\w.-])(-?\d*\.?\d+)rpx\b/g, 'calc($1 * 100vw / 750)');

/** ACSS to CSS; refused: @import, attribute selectors, and class names that Alipay keeps for itself. */
export function convert(source, file) {
  const bare = source.replace(/\/\*[^]*?\*\/|"[^"\n]*"|'[^'\n]*'/g, (text) =>
    text.replace(/[^\n]/g, ' '),
  );
  const found = /@import|(?<=^|[{};])[^{};@]*?(\[|\.am?-)(?=[^{};]*\{)/.exec(bare);
  if (found)
    refuser(file, source)(`ACSS 不支持 ${found[1] ?? found[0]}`, found.index + found[0].length - 1);
  return rpx(source);
}
