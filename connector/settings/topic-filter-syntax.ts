import { closest } from '../did-you-mean.ts';
import type { Misreading } from './endpoint.ts';

/** NCName, the letters that occur in topics: any letter or `_`, then letters, digits, `-`, `_`, `.`. */
const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.-]*$/u;
const LONGEST = 4096;

/**
 * What is wrong with a topic filter in the dialect ConcreteSet (Core 9.6.3); undefined where nothing is.
 *
 *     TopicExpression := TopicPath ( '|' TopicPath )*
 *     TopicPath       := RootTopic ChildTopic* ( '//.' )?
 *     RootTopic       := QName
 *     ChildTopic      := '/' ( QName | NCName )
 *
 * `prefixes` are the ones the connector declares in its requests: a device cannot resolve any other.
 */
export function topicFilterMisreading(expression: string, prefixes: readonly string[]): Misreading | undefined {
  if (expression.length > LONGEST) return { message: `is longer than ${LONGEST} characters` };
  const paths = expression.split('|').map((path) => path.trim());
  for (const [index, path] of paths.entries()) {
    const wrong = pathMisreading(path, prefixes);
    if (!wrong) continue;
    const suggestion = wrong.suggestion && paths.with(index, wrong.suggestion).join('|');
    return { message: wrong.message, suggestion };
  }
  return undefined;
}

function pathMisreading(path: string, prefixes: readonly string[]): Misreading | undefined {
  if (path === '') return { message: 'has an empty topic path' };
  const wildcard = /^(.*?)(?:\/\/?)?[#*+]$/.exec(path);
  if (wildcard) {
    const below = wildcard[1] === '' ? undefined : `${wildcard[1]}//.`;
    return {
      message: `ConcreteSet has no "${path.at(-1)}": "//." after a topic means it and all below`,
      suggestion: below,
    };
  }
  const plain = path.endsWith('//.') ? path.slice(0, -3) : path;
  if (plain === '' || plain.startsWith('/'))
    return { message: 'must start with a root topic such as tns1:Device, not with "/"' };
  if (plain.includes('//')) return { message: 'may have "//" only at the end, as "//."' };
  if (plain.endsWith('/')) return { message: 'ends with "/"', suggestion: `${plain.replace(/\/+$/, '')}//.` };
  const [root = '', ...children] = plain.split('/');
  if (!root.includes(':')) return { message: 'the root topic needs its prefix', suggestion: `tns1:${path}` };
  for (const name of [root, ...children]) {
    const wrong = nameMisreading(path, name, prefixes);
    if (wrong) return wrong;
  }
  return undefined;
}

function nameMisreading(path: string, name: string, prefixes: readonly string[]): Misreading | undefined {
  const parts = name.split(':');
  if (parts.length > 2 || !parts.every((part) => NAME.test(part))) return { message: `"${name}" is not a topic name` };
  const prefix = parts.length === 2 ? parts[0]! : undefined;
  if (prefix === undefined || prefixes.includes(prefix)) return undefined;
  const meant = closest(prefix, prefixes);
  return {
    message: `the prefix "${prefix}" is not known here, only ${prefixes.join(', ')}`,
    suggestion: meant && path.replaceAll(`${prefix}:`, `${meant}:`),
  };
}
