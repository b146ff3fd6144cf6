/** The open pages; the last one lies on top and is seen. @type {OpenPage[]} */
export const stack = [];

/** The path of the page that is seen; before there is one, that of the app. */
export const route = () => stack.at(-1)?.route ?? 'app';
