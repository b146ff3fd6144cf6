/** What each element and each text of the pages shows now. @type {WeakMap<Node, Shown>} */
export const shown = new WeakMap();
