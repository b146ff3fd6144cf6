import { interpolate, own } from './expression.js';
import { refuser } from './refusal.js';

const COMMENT = /<!--[^]*?-->/y, CLOSE = /<\/([\w-]+)\s*>/y, OPEN = /<([A-Za-z][\w-]*)/y, END = /\s*(\/?)>/y;
const ATTRIBUTE = /\s+([A-Za-z][\w:.-]*)(?:\s*=\s*("[^"]*"|'[^']*'))?/y;

/**
 * AXML to a tree {children, templates, values, refuse}. A node is {text} or {tag, at, attributes, dataset, events, children} with
 * test and otherwise (a:if … a:else), list, item, index (a:for), key; each value a scope => value. What is not in `supported`
 * (supported.json) is refused with file and line.
 */
export function parse(source, file, supported) {
  const refuse = refuser(file, source), tree = { children: [], templates: {}, values: supported.values, refuse }, open = [tree];
  let at = 0, found;

  const match = (pattern) => {
    pattern.lastIndex = at;
    found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const bind = (text, from, stop, body) => { // [scope => value, end]: read once now, so that mistakes show at once
    const read = (scope) => interpolate(text, from, scope, refuse, stop, body);
    return [(scope) => read(scope)[0], read({})[1]];
  };
  while (at < source.length) {
    const start = at, parent = open.at(-1);
    if (match(COMMENT)) continue;
    if (match(CLOSE)) {
      if (open.pop().tag !== found[1]) refuse(`</${found[1]}> 没有对应的开始标签`, start);
    } else if (match(OPEN)) {
      const tag = found[1], node = { tag, at: start, attributes: [], dataset: [], events: [], children: [], item: 'item', index: 'index' };
      if (!own(supported.tags, tag)) refuse(`模拟器不支持 <${tag}>`, start);
      while (match(ATTRIBUTE)) attribute(node, ...found);
      place(node, parent.children);
      if (!match(END)) refuse(`<${tag}> 写法有误：属性值要加引号`, at);
      if (!found[1]) open.push(node);
    } else {
      const [text, end] = source[at] === '<' ? refuse('标签写法有误', at) : bind(source, at, '<');
      if (source.slice(at, end).trim()) parent.children.push({ text });
      at = end;
    }
  }
  if (open[1]) refuse(`<${open.at(-1).tag}> 没有闭合`, open.at(-1).at);
  return tree;

  function attribute(node, whole, name, quoted) {
    const known = supported.tags[node.tag].replace(/^\w+/, (group) => supported.groups[group]).split(' ');
    const free = known.includes('id') && /^(data|aria)-/.test(name), body = node.tag === 'template' && name === 'data';
    if (!free && !known.includes(name)) refuse(`模拟器不支持 <${node.tag}> 的属性 ${name}`, at - whole.trimStart().length);
    const value = quoted ? bind(source.slice(0, at - 1), at - quoted.length + 1, '', body)[0] : () => true;
    const [, prefix, rest] = /^(on(?=[A-Z])|catch|data-|a:for-|a:)(.+)/.exec(name) ?? [];
    if (prefix === 'on' || prefix === 'catch') node.events.push({ type: rest, caught: prefix === 'catch', value });
    else if (prefix === 'data-') node.dataset.push([rest.replace(/-(\w)/g, (_, letter) => letter.toUpperCase()), value]);
    else if (prefix === 'a:for-') node[rest] = value({});
    else if (name === 'a:for') node.list = value;
    else if (name === 'a:key') node.key = ({ [node.item]: item }) => (value({}) === '*this' ? item : own(item, value({})));
    else if (prefix) Object.assign(node, { link: rest, test: value });
    else if (name === 'name') tree.templates[value({})] = node;
    else if (body || name === 'is' || name === 'key') node[name] = value;
    else node.attributes.push([name, value]);
  }
  function place(node, siblings) {
    const chain = siblings.at(-1);
    if (/^el/.test(node.link)) {
      if (!chain?.last || node.list) refuse(`a:${node.link} 要紧跟在 a:if 或 a:elif 之后，且不能与 a:for 同用`, node.at);
      chain.last.otherwise = node;
      chain.last = node.link === 'elif' && node;
    } else if (node.tag !== 'template' || node.is) siblings.push(Object.assign(node, { last: node.link && !node.list && node }));
  }
}
