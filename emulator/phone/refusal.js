/** (message, offset) => never: an Error that knows its file and line. What the phone does not support ends here. */
export const refuser =
  (file, source) =>
  (message, at = 0) => {
    throw Object.assign(new Error(message), { file, line: source.slice(0, at).split('\n').length });
  };
