import { z } from 'zod';
import { meant } from './mapping-file.ts';
import type { Located } from './mapping-format.ts';
import { topicExpression } from './topic-expression.ts';

/** What happens to an item. */
export type Deed = 'keep' | 'hash' | 'drop';

const DEEDS: readonly string[] = ['keep', 'hash', 'drop'];

/** Read by `privacyFaults`: a word, or items and topics, which zod could only call a union. */
export const privacyPolicy = z.unknown();

/** Items that name a card or a person's number: Access Control 6.3 to 6.8, the legacy Denied/CredentialNotFound/Card. */
export const STANDARD_DEEDS: ReadonlyMap<string, Deed> = new Map([
  ['Card', 'hash'],
  ['CardNumber', 'hash'],
  ['IdentifierValue', 'hash'],
]);

/** Items that name a person: never in topics, keys and attributes, and so never in clear in Source and Key. */
export const HOLDER_NAMES: ReadonlySet<string> = new Set(['CredentialHolderName', 'CardHolderName', 'HolderName']);

export interface Policy {
  readonly items: ReadonlyMap<string, Deed>;
  /** For some topics only; goes before `items`. */
  readonly topics: readonly {
    readonly matches: (topic: string) => boolean;
    readonly items: ReadonlyMap<string, Deed>;
  }[];
}

/** The faults of a `privacy:` member. */
export function privacyFaults(written: unknown, located: Located): readonly string[] {
  if (written === 'none' || written === 'standard') return [];
  if (!isMap(written)) {
    const hint = typeof written === 'string' ? meant(written, ['none', 'standard']) : undefined;
    return [
      located(
        ['privacy'],
        `'privacy' must be none, standard, or items; ${hint ?? 'such as CredentialHolderName: drop'}`,
      ),
    ];
  }
  return Object.entries(written).flatMap(([name, deed]) => {
    if (!isMap(deed)) return deedFaults(['privacy', name], deed, located);
    const topics = topicExpression(name);
    const inner = Object.entries(deed).flatMap(([item, of]) => deedFaults(['privacy', name, item], of, located));
    if (typeof topics === 'function') return inner;
    return [located(['privacy', name], `privacy: the topic expression '${name}' ${topics.fault}`), ...inner];
  });
}

/** The policy written as `privacy:`, without faults. */
export function policyOf(written: unknown): Policy {
  const items = new Map(written === 'none' ? [] : STANDARD_DEEDS);
  const topics: { matches: (topic: string) => boolean; items: ReadonlyMap<string, Deed> }[] = [];
  for (const [name, deed] of Object.entries(isMap(written) ? written : {})) {
    if (!isMap(deed)) items.set(name, deed as Deed);
    else {
      const matches = topicExpression(name) as (topic: string) => boolean;
      topics.push({ matches, items: new Map(Object.entries(deed) as [string, Deed][]) });
    }
  }
  return { items, topics };
}

function deedFaults(path: readonly string[], deed: unknown, located: Located): string[] {
  if (typeof deed === 'string' && DEEDS.includes(deed)) return [];
  const hint = (typeof deed === 'string' && meant(deed, DEEDS)) || `must be ${DEEDS.join(', ')}`;
  return [located(path, `'${path.join('.')}' cannot be ${JSON.stringify(deed)}; ${hint}`)];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
