import type { SpooledRecord } from '../spool/spool.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';

/**
 * `restore` of a mapping that only looks at one record: what it would retain of each state, were it news. A state that cannot be
 * told is left out: its record is in the dead letters since it was news.
 */
export function retainedStates(map: Mapping['map']): NonNullable<Mapping['restore']> {
  return (states) =>
    states.flatMap((state) => {
      try {
        return map(asNews(state)).filter(({ retain, payload }) => retain && payload !== '');
      } catch {
        return NONE;
      }
    });
}

const NONE: readonly OutboundMessage[] = [];

/** A synchronization's record of a state that was known already says nothing new, and yet it is the state. */
function asNews(entry: SpooledRecord): SpooledRecord {
  const { record } = entry;
  if (record.kind !== 'notification' || record.changed !== false) return entry;
  return { ...entry, record: { ...record, changed: true } };
}
