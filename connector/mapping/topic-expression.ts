/** NCName, the letters that occur in topics. */
const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.-]*$/u;
const LONGEST = 4096;
/** What people write for tns1. */
const MISSPELT: ReadonlySet<string> = new Set(['tns', 'tsn1', 'tn1s', 'nts1', 'tsn', 'onvif']);

/** Topics whose answer is remembered, for each expression. */
const REMEMBERED = 4096;

interface Branch {
  readonly path: string;
  /** `path/`, where all below is meant too. */
  readonly below: string | undefined;
}

/**
 * Reads a topic expression of the dialect ConcreteSet (Core 9.6.3), for canonical topics.
 *
 *     TopicExpression := TopicPath ( '|' TopicPath )*
 *     TopicPath       := RootTopic ChildTopic* ( '//.' )?
 *     RootTopic       := QName
 *     ChildTopic      := '/' ( QName | NCName )
 *
 * @returns whether a topic is meant; or what is wrong with the expression
 */
export function topicExpression(expression: string): ((topic: string) => boolean) | { readonly fault: string } {
  if (expression.length > LONGEST) return { fault: `is longer than ${LONGEST} characters` };
  const branches: Branch[] = [];
  for (const text of expression.split('|')) {
    const path = text.trim();
    const fault = pathFault(path);
    if (fault !== undefined) return { fault };
    const withBelow = path.endsWith('//.');
    const plain = canonical(withBelow ? path.slice(0, -3) : path);
    branches.push({ path: plain, below: withBelow ? `${plain}/` : undefined });
  }
  const known = new Map<string, boolean>();
  return (topic) => {
    const found = known.get(topic);
    if (found !== undefined) return found;
    const meant = branches.some(
      ({ path, below }) => topic === path || (below !== undefined && topic.startsWith(below)),
    );
    if (known.size >= REMEMBERED) known.clear();
    known.set(topic, meant);
    return meant;
  };
}

/** As records have it: a prefix that repeats the one in force above is not written. */
function canonical(path: string): string {
  let above = '';
  const levels = path.split('/').map((level) => {
    const [prefix, local] = level.includes(':') ? level.split(':') : [above, level];
    if (prefix === above) return local;
    above = prefix!;
    return level;
  });
  return levels.join('/');
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'has an empty topic path';
  if (/[#*+]$/.test(path)) return `has no "${path.at(-1)}" in ConcreteSet: "//." after a topic means it and all below`;
  const plain = path.endsWith('//.') ? path.slice(0, -3) : path;
  if (plain === '' || plain.startsWith('/')) return 'must start with a root topic such as tns1:Device, not with "/"';
  if (plain.includes('//')) return 'may have "//" only at the end, as "//."';
  if (plain.endsWith('/')) return `ends with "/"; did you mean '${plain.replace(/\/+$/, '')}//.'?`;
  const levels = plain.split('/');
  if (!levels[0]!.includes(':')) return `lacks the prefix of the root topic; did you mean 'tns1:${path}'?`;
  for (const level of levels) {
    const parts = level.split(':');
    if (parts.length > 2 || !parts.every((part) => NAME.test(part))) return `holds "${level}", which is no topic name`;
    if (parts.length === 2 && MISSPELT.has(parts[0]!)) return `has the prefix "${parts[0]}"; did you mean 'tns1'?`;
  }
  return undefined;
}
