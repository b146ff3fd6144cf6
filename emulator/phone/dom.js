/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * A new element.
 * @param {string} tag
 * @param {object} properties
 * @param {string} [text]
 */
export function create(tag, properties, text = '') {
  const element = Object.assign(document.createElement(tag), properties);
  if (text) element.textContent = text;
  return element;
}
