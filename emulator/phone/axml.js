import { interpolate, own } from './expression.js';
import { refuser } from './refusal.js';

const TAG =
  /<!--[^]*?-->|<(\/?)([A-Za-z][\w-]*)((?:\s+[A-Za-z][\w:.-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*)\s*(\/?)>/y;
const ATTRIBUTE = /\s([A-Za-z][\w:.-]*)(?:\s*=\s*("[^"]*"|'[^']*'))?/g;

/**
 * AXML to a tree {children, templates, values, refuse}. A node is {text} or {tag, at, attributes, dataset, events, children} with
 * test and otherwise (a:if … a:else), list, item, index (a:for), key; each value a scope => value. All else is refused.
 */
export function parse(source, file, supported) {
  const refuse = refuser(file, source),
    tree = { children: [], templates: {}, values: supported.values, refuse },
    open = [tree];
  const bind = (text, from, stop, body) => {
    // [scope => value, end]: read once now, so that mistakes show at once
    const read = (scope) => interpolate(text, from, scope, refuse, stop, body);
    return [(scope) => read(scope)[0], read({})[1]];
  };
  for (let at = 0; at < source.length;) {
    TAG.lastIndex = at;
    const [found, closing, tag, attributes, empty] = TAG.exec(source) ?? [],
      { children } = open.at(-1);
    if (!found) {
      const [text, end] = source[at] === '<' ? refuse('标签写法有误', at) : bind(source, at, '<');
      if (source.slice(at, end).trim()) children.push({ text });
      at = end;
      continue;
    }
    if (closing) {
      if (open.pop().tag !== tag) refuse(`多余的 </${tag}>`, at);
    } else if (tag) {
      const node = {
        tag,
        at,
        attributes: [],
        dataset: [],
        events: [],
        children: [],
        item: 'item',
        index: 'index',
      };
      if (!own(supported.tags, tag)) refuse(`不支持 <${tag}>`, at);
      for (const match of attributes.matchAll(ATTRIBUTE))
        attribute(node, ...match, at + 1 + tag.length + match.index);
      place(node, children);
      if (!empty) open.push(node);
    }
    at += found.length;
  }
  if (open[1]) refuse(`<${open.at(-1).tag}> 没有闭合`, open.at(-1).at);
  return tree;

  function attribute(node, whole, name, quoted, start) {
    const known = supported.tags[node.tag].split(' '),
      end = start + whole.length;
    const free = known.includes('id') && /^(data|aria)-/.test(name),
      body = node.tag === 'template' && name === 'data';
    if (!free && !known.includes(name)) refuse(`<${node.tag}> 不支持 ${name}`, start + 1);
    const value = quoted
      ? bind(source.slice(0, end - 1), end - quoted.length + 1, '', body)[0]
      : () => true;
    const [, prefix, rest] = /^(on(?=[A-Z])|catch|data-|a:for-|a:)(.+)/.exec(name) ?? [];
    if (prefix === 'on' || prefix === 'catch')
      node.events.push({ type: rest, caught: prefix === 'catch', value });
    else if (prefix === 'data-')
      node.dataset.push([rest.replace(/-(\w)/g, (_, letter) => letter.toUpperCase()), value]);
    else if (prefix === 'a:for-') node[rest] = value({});
    else if (name === 'a:for') node.list = value;
    else if (name === 'a:key')
      node.key = ({ [node.item]: item }) => (value({}) === '*this' ? item : own(item, value({})));
    else if (prefix) Object.assign(node, { link: rest, test: value });
    else if (name === 'name') tree.templates[value({})] = node;
    else if (body || name === 'is' || name === 'key') node[name] = value;
    else node.attributes.push([name, value]);
  }
  function place(node, siblings) {
    const chain = siblings.at(-1);
    if (/^el/.test(node.link)) {
      if (!chain?.last || node.list) refuse(`a:${node.link} 前面没有 a:if`, node.at);
      chain.last.otherwise = node;
      chain.last = node.link === 'elif' && node;
    } else if (node.tag !== 'template' || node.is)
      siblings.push(Object.assign(node, { last: node.link && !node.list && node }));
  }
}
