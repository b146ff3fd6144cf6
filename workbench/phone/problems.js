// Errors in the mini-program, and what the phone does not support: shown with file and line.
import { byId, FILES, phone, report } from './device.js';

// Chromium keeps 10 lines of a stack, of which the phone itself needs some.
Object.assign(Error, { stackTraceLimit: 40 });

/** Where the mini-program's folder lies in the project. */
const FOLDER = phone.app === 'mistakes' ? 'workbench/mistakes' : 'miniprogram';

/**
 * The mini-program's lines in an error's stack, innermost first. A function without a name takes
 * that of the one around it, which called it.
 * @type {(stack?: string) => Frame[]}
 */
export function framesOf(stack = '') {
  /** @type {Frame[]} */
  const frames = [];
  for (const frame of stack.split('\n').flatMap(frameOf)) {
    const inner = frames.at(-1);
    const isAround = inner?.function === '' && inner.file === frame.file;
    if (isAround) inner.function = frame.function;
    else frames.push(frame);
  }
  return frames;
}

/** One line of a stack, as Chromium or as the others write it. @type {(line: string) => Frame[]} */
function frameOf(line) {
  const [, path, at] = new RegExp(`${FILES}([^:?]+):(\\d+)`).exec(line) ?? [];
  if (!path) return [];
  const [, chromiums, others] = /(\w+)(?: \[as \w+\])? \(http|(\w+)@http/.exec(line) ?? [];
  const name = chromiums ?? others ?? '';
  return [{ file: `${FOLDER}/${path}`, function: name, at: Number(at) }];
}

/**
 * The mini-program's innermost line and its function: 'api.js:24 · getAuthCode()'.
 * @type {(stack?: string) => string | undefined}
 */
export function whereFrom(stack = '') {
  const [frame] = framesOf(stack);
  if (!frame) return undefined;
  const line = `${frame.file.slice(FOLDER.length + 1)}:${frame.at}`;
  return frame.function ? `${line} · ${frame.function}()` : line;
}

/**
 * Shows whatever was thrown, an Error or the error of a my.* call, and where it came from: `path`,
 * if it does not know itself.
 * @type {(error: any, path?: string) => void}
 */
export function showProblem(error, path = '') {
  const { file, line, stack, message, errorMessage } = Object(error);
  const place = file ? `${file}:${line}` : (whereFrom(stack) ?? path);
  let text = message ?? errorMessage ?? String(error);
  const missing = /\bmy\.\w+(?= is not a function)/.exec(text)?.[0];
  if (missing) text = `不支持 ${missing}`;
  console.error(place, error);
  const entry = document.createElement('li');
  entry.textContent = `${place} ${text}`;
  byId('problem-list').append(entry);
  byId('problems').togglePopover(true);
  const isRefusal = missing !== undefined || file !== undefined;
  if (!isRefusal) return;
  report({ kind: 'refused', title: place, says: 'refused', outcome: 'failed', message: text });
}
