// How the parts of the page hear of each other: what one tells, whoever wants listens to. News in
// types.d.ts has the names.
const bus = new EventTarget();

/** @type {Tell} */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** @type {Listen} */
export function listen(name, hear) {
  bus.addEventListener(name, (event) => hear(/** @type {CustomEvent} */ (event).detail));
}
