import type { StreamEntry } from './recent-events.ts';

export type StreamFilter = (entry: StreamEntry) => boolean;

/** Values of one parameter: more than anybody writes by hand. */
const MOST_VALUES = 100;

/**
 * The filter of a stream's query: `device`, `kind` and `topic`, each given several times or with commas, all of which must hold.
 * A topic stands for itself and what is below it (`tns1:Door`, `tns1:Door/State/DoorMode`, `tns1:Door//.`); records without a
 * topic pass no topic filter.
 *
 * @returns a fault as text where the query is no filter
 */
export function streamFilter(query: URLSearchParams): StreamFilter | string {
  const parts: StreamFilter[] = [];
  for (const name of ['device', 'kind', 'topic'] as const) {
    const values = query
      .getAll(name)
      .flatMap((value) => value.split(','))
      .filter((value) => value !== '');
    if (values.length === 0) continue;
    if (values.length > MOST_VALUES) return `at most ${MOST_VALUES} values of ${name}`;
    parts.push(name === 'topic' ? byTopic(values) : byMember(name, new Set(values)));
  }
  return (entry) => parts.every((holds) => holds(entry));
}

function byMember(name: 'device' | 'kind', wanted: ReadonlySet<string>): StreamFilter {
  return ({ record }) => wanted.has(record[name]);
}

function byTopic(values: readonly string[]): StreamFilter {
  const branches = values.map((value) => value.replace(/\/\/\.$|\/+\*?$/, ''));
  return ({ record: { topic } }) =>
    topic !== undefined && branches.some((branch) => topic === branch || topic.startsWith(`${branch}/`));
}
