/**
 * Where everything ends that the phone does not support.
 * @type {(file: string, source: string) => Refuse}
 */
export function refuser(file, source) {
  return (message, at = 0) => {
    const line = source.slice(0, at).split('\n').length;
    throw Object.assign(new Error(message), { file, line });
  };
}
