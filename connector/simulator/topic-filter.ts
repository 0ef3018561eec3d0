import { DIALECT } from './namespaces.ts';
import { topicLevels } from './topic-path.ts';

/** One alternative of a topic expression; `descendants` where it ended in `//.`. */
export interface TopicBranch {
  readonly levels: readonly string[];
  readonly descendants: boolean;
}

export type TopicFilterFault = 'dialect' | 'syntax' | { readonly undeclaredPrefix: string };

/**
 * Core 9.6.3 topic filters.
 *   Concrete    (WS-Topics 1.3, 8.2):  TopicPath
 *   ConcreteSet:                       TopicExpression := TopicPath ( '|' TopicPath )*
 *                                      TopicPath := RootTopic ChildTopic* '//.'?
 *                                      RootTopic := QName      ChildTopic := '/' ( QName | NCName )
 * White space around the expression and its branches means nothing.
 */
export function readTopicExpression(
  expression: string,
  dialect: string,
  prefixes: Readonly<Record<string, string>>,
): readonly TopicBranch[] | { readonly fault: TopicFilterFault } {
  if (dialect !== DIALECT.concrete && dialect !== DIALECT.concreteSet) return { fault: 'dialect' };
  const texts = dialect === DIALECT.concrete ? [expression] : expression.split('|');
  const branches: TopicBranch[] = [];
  for (const text of texts) {
    const trimmed = text.trim();
    const descendants = dialect === DIALECT.concreteSet && trimmed.endsWith('//.');
    const read = topicLevels(descendants ? trimmed.slice(0, -3) : trimmed, prefixes);
    if (!read) return { fault: 'syntax' };
    if ('unknownPrefix' in read) return { fault: { undeclaredPrefix: read.unknownPrefix } };
    branches.push({ levels: read.levels, descendants });
  }
  return branches;
}

export function branchMatches(branch: TopicBranch, levels: readonly string[]): boolean {
  const { levels: wanted, descendants } = branch;
  if (descendants ? levels.length < wanted.length : levels.length !== wanted.length) return false;
  return wanted.every((level, index) => level === levels[index]);
}
