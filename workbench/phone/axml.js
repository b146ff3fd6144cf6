// AXML to a tree. An XML parser can't read it ({{i <= j}} is legal), an HTML parser would ruin it.
import { allows, NATIVE, NO_SCOPE, refuser, TAGS } from './components.js';
import { compileText, own } from './expression.js';

const NAME = String.raw`[A-Za-z][\w:.-]*`;
const QUOTED = String.raw`"[^"]*"|'[^']*'`;
const ATTRIBUTE = new RegExp(String.raw`\s(?<name>${NAME})(?:\s*=\s*(?<quoted>${QUOTED}))?`, 'g');
const ATTRIBUTES = String.raw`(?:\s+${NAME}(?:\s*=\s*(?:${QUOTED}))?)*`;
const OPENING = String.raw`<(?<tag>[A-Za-z][\w-]*)(?<attributes>${ATTRIBUTES})\s*(?<empty>\/?)>`;
const CLOSING = String.raw`<\/(?<closed>[A-Za-z][\w-]*)\s*>`;
const MARKUP = new RegExp(String.raw`<!--[^]*?-->|${CLOSING}|${OPENING}`, 'y');

/** @type {(source: string, file: string) => Tree} */
export function parse(source, file) {
  return new Parser(source, file).parse();
}

class Parser {
  at = 0;
  /** The elements that are open, the innermost last. @type {ElementNode[]} */
  open = [];

  /** @param {string} source @param {string} file */
  constructor(source, file) {
    this.source = source;
    /** @type {Refuse} */
    this.refuse = refuser(file, source);
    /** @type {Tree} */
    this.tree = { children: [], templates: new Map(), refuse: this.refuse };
  }

  parse() {
    while (this.at < this.source.length) {
      if (this.source[this.at] === '<') this.readMarkup();
      else this.readText();
    }
    const unclosed = this.open.at(-1);
    if (unclosed) this.refuse(`<${unclosed.tag}> 没有闭合`, unclosed.at);
    return this.tree;
  }

  get siblings() {
    return (this.open.at(-1) ?? this.tree).children;
  }

  readText() {
    const { value, end } = compileText(this.source, this.at, '<', this.refuse, false);
    const isBlank = this.source.slice(this.at, end).trim() === '';
    if (!isBlank) this.siblings.push({ text: value });
    this.at = end;
  }

  /** An opening tag, a closing tag or a comment. */
  readMarkup() {
    MARKUP.lastIndex = this.at;
    const found = MARKUP.exec(this.source) ?? this.refuse('标签写法有误', this.at);
    const { tag, attributes, empty, closed } = found.groups ?? {};
    if (tag) this.openElement(tag, attributes, empty === '/');
    if (closed) this.closeElement(closed);
    this.at += found[0].length;
  }

  /** @param {string} tag @param {string} attributes @param {boolean} isEmpty */
  openElement(tag, attributes, isEmpty) {
    if (!TAGS.has(tag)) this.refuse(`不支持 <${tag}>`, this.at);
    const node = emptyElement(tag, this.at);
    for (const match of attributes.matchAll(ATTRIBUTE)) this.readAttribute(node, match);
    checkElement(node, this.refuse);
    this.place(node);
    if (!isEmpty) this.open.push(node);
  }

  /** @param {string} tag */
  closeElement(tag) {
    const node = this.open.pop();
    if (node?.tag !== tag) return this.refuse(`多余的 </${tag}>`, this.at);
    if (NATIVE.has(tag) && node.children.length > 0) this.refuse(`<${tag}> 里不能有内容`, node.at);
  }

  /** @param {ElementNode} node @param {RegExpExecArray} match */
  readAttribute(node, match) {
    const { name, quoted } = match.groups ?? {};
    const start = this.at + 1 + node.tag.length + match.index;
    if (!allows(node.tag, name)) this.refuse(`<${node.tag}> 不支持 ${name}`, start + 1);
    const end = start + match[0].length;
    const asObject = node.tag === 'template' && name === 'data';
    const value = quoted ? this.readValue(end - quoted.length, end, asObject) : () => true;
    addAttribute(node, name, value, this.tree);
  }

  /**
   * The text between two quotes.
   * @param {number} from @param {number} to @param {boolean} asObject
   */
  readValue(from, to, asObject) {
    const inside = this.source.slice(0, to - 1);
    return compileText(inside, from + 1, '', this.refuse, asObject).value;
  }

  /** Puts an element where it belongs; templates are kept apart. @param {ElementNode} node */
  place(node) {
    const isDefinition = node.tag === 'template' && !node.is;
    if (node.branch === 'elif' || node.branch === 'else') this.continueBranches(node);
    else if (!isDefinition) this.siblings.push(node);
    if (node.branch === 'if' && !node.list) node.lastBranch = node;
  }

  /** a:elif and a:else stand right after an a:if or a:elif. @param {ElementNode} node */
  continueBranches(node) {
    const first = this.siblings.at(-1);
    const last = first && 'tag' in first ? first.lastBranch : undefined;
    if (!last || node.list) return this.refuse(`a:${node.branch} 前面没有 a:if`, node.at);
    last.otherwise = node;
    /** @type {ElementNode} */ (first).lastBranch = node.branch === 'elif' ? node : undefined;
  }
}

/** @type {(tag: string, at: number) => ElementNode} */
function emptyElement(tag, at) {
  const lists = { attributes: [], dataset: [], events: [], children: [] };
  return { tag, at, ...lists, item: 'item', index: 'index' };
}

/** Adds an attribute to its element, by its kind. @type {AddAttribute} */
function addAttribute(node, name, value, tree) {
  if (name.startsWith('a:')) addDirective(node, name.slice('a:'.length), value, tree);
  else if (name.startsWith('data-')) addDataset(node, name.slice('data-'.length), value, tree);
  else if (/^(on|catch)[A-Z]/.test(name)) addEvent(node, name, value, tree);
  else if (node.tag === 'template') addTemplatePart(node, name, value, tree);
  else if (name === 'key') node.key = value;
  else node.attributes.push([name, value]);
}

/** a:if, a:for and their kin @type {AddAttribute} */
function addDirective(node, name, value, tree) {
  if (name === 'for') node.list = value;
  else if (name === 'for-item') node.item = value({});
  else if (name === 'for-index') node.index = value({});
  else if (name === 'key') node.key = keyOf(node, value({}));
  else addBranch(node, name, value, tree);
}

/** a:if, a:elif, a:else @type {AddAttribute} */
function addBranch(node, name, value) {
  node.branch = /** @type {ElementNode['branch']} */ (name);
  node.test = value;
}

/**
 * a:key names a property of the item, or with *this the item itself.
 * @type {(node: ElementNode, name: string) => Value}
 */
function keyOf(node, name) {
  return (scope) => {
    const item = scope[node.item];
    return name === '*this' ? item : own(item, name);
  };
}

/** data-alpha-beta is read as dataset.alphaBeta. @type {AddAttribute} */
function addDataset(node, name, value) {
  const camelCase = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  node.dataset.push([camelCase, value]);
}

/** onTap lets the event bubble on, catchTap stops it. @type {AddAttribute} */
function addEvent(node, name, handler) {
  const isCaught = name.startsWith('catch');
  const type = name.replace(/^(on|catch)/, '');
  node.events.push({ type, isCaught, handler });
}

/** <template name="…"> defines one, <template is="…" data="…"> shows it. @type {AddAttribute} */
function addTemplatePart(node, name, value, tree) {
  if (name === 'name') tree.templates.set(value({}), node);
  else if (name === 'is') node.is = value;
  else node.data = value;
}

/**
 * Refuses attributes that do not go together.
 * @type {(node: ElementNode, refuse: Refuse) => void}
 */
function checkElement(node, refuse) {
  const has = (/** @type {string} */ wanted) => node.attributes.some(([name]) => name === wanted);
  if (has('open-type') && !has('scope')) refuse(NO_SCOPE, node.at);
}
