// A page of the phone without a browser: a DOM of just what render.js and events.js use, the page's
// handlers called as page.js does, and what makes each event happen.
import { parse } from '../../../workbench/phone/axml.js';
import { expand, morph } from '../../../workbench/phone/render.js';

class FakeNode {
  childNodes = [];
  attributes = new Map();
  style = {};

  constructor(tag, data) {
    Object.assign(this, { tag, data });
  }

  get parentElement() {
    return this.parent;
  }

  set id(value) {
    this.attributes.set('id', value);
  }

  get id() {
    return this.attributes.get('id') ?? '';
  }

  insertBefore(node, reference) {
    node.remove();
    const at = reference ? this.childNodes.indexOf(reference) : this.childNodes.length;
    this.childNodes.splice(at, 0, node);
    node.parent = this;
  }

  appendChild(node) {
    this.insertBefore(node, null);
    return node;
  }

  remove() {
    const siblings = this.parent?.childNodes ?? [];
    if (siblings.includes(this)) siblings.splice(siblings.indexOf(this), 1);
  }

  /** Follows the attribute until the property was set, as in a browser. */
  get checked() {
    return this.switched ?? this.hasAttribute('checked');
  }

  set checked(value) {
    this.switched = value;
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }

  toggleAttribute(name, on) {
    if (on) this.attributes.set(name, '');
    else this.attributes.delete(name);
  }

  /** A tap: it switches a checkbox; the event bubbles until a handler stops it. */
  click() {
    if (this.type === 'checkbox') this.checked = !this.checked;
    let stopped = false;
    const event = {
      target: this,
      stopPropagation: () => {
        stopped = true;
      },
    };
    for (let node = this; node && !stopped; node = node.parent) node.onclick?.(event);
  }

  /** A key, pressed here: true if the browser is to do nothing more with it. */
  press(key, event = {}) {
    let prevented = false;
    const result = this.onkeydown?.({
      target: this,
      key,
      preventDefault: () => {
        prevented = true;
      },
      ...event,
    });
    return prevented || result === false;
  }

  get outline() {
    if (this.data !== undefined) return this.data;
    const shown = [...this.attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
    return `<${this.tag}${shown}>${this.inside}</${this.tag}>`;
  }

  get inside() {
    return this.childNodes
      .map((node) => node.outline)
      .join('')
      .replace(/\s+/g, ' ')
      .replace(/> | </g, (gap) => gap.trim())
      .trim();
  }
}

globalThis.document = {
  createElement: (tag) => new FakeNode(tag),
  createTextNode: (data) => new FakeNode('#text', data),
};

const CONSENT = 'open-type="getAuthorize" scope="userInfo"';

/** By event: what else its element has to have, and what the user does. */
export const TRIGGERS = new Map([
  ['Tap', { act: (element) => element.click() }],
  ['GetAuthorize', { attributes: CONSENT, act: (element) => element.click() }],
  ['Error', { attributes: CONSENT, isRefused: true, act: (element) => element.click() }],
]);

/** What the phone shows of some AXML with this data; `handlers` are the page's, `show(data)` is a setData. */
export function open(axml, data = {}, handlers = {}, authorize = async () => {}) {
  const tree = parse(axml, 'pages/a/a.axml'),
    root = new FakeNode('page');
  const host = {
    tree,
    authorize,
    resolve: (src) => src,
    call: (name, event, at) => (handlers[name] ?? tree.refuse(`no ${name}`, at))(event),
  };
  const show = (changed) => morph(root, expand(tree.children, changed, tree), host);
  const all = (node = root) => node.childNodes.flatMap((child) => [child, ...all(child)]);
  show(data);
  return {
    root,
    show,
    get text() {
      return root.inside;
    },
    find: (id) => all().find((node) => node.id === id),
    all,
  };
}

/** {message, file, line} of the refusal that `work` throws. */
export function refusal(work) {
  try {
    work();
  } catch ({ message, file, line }) {
    return { message, file, line };
  }
  throw new Error('nothing was refused');
}

/**
 * The cases, [source, line, …], that `work(source, …)` does not refuse in their line of `file`.
 * A test of a rule expects [].
 */
export function accepted(cases, file, work) {
  return cases.filter(([source, line, ...more]) => {
    try {
      work(source, ...more);
    } catch (error) {
      return error.file !== file || error.line !== line || !error.message;
    }
    return true;
  });
}
