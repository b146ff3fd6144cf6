// How the parts of the page hear of each other: what one tells, whoever wants listens to.
// 'step': a step has come; 'changed': it was completed; 'state': another choice; 'phone': what the
// phone has said; 'reset': all is forgotten.
export const bus = new EventTarget();

/** @param {string} name @param {any} [detail] */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** @param {string} name @param {(detail: any) => void} handler */
export function listen(name, handler) {
  bus.addEventListener(name, (event) => handler(/** @type {CustomEvent} */ (event).detail));
}
