import type { DeviceRecords } from './device-records.ts';
import type { PropertyChange, PropertyLedger, PropertyState } from './property-ledger.ts';
import type { PropertySubject } from './property-subject.ts';
import type { Inference, NotificationRecord } from './record.ts';
import { digest } from './record-id.ts';
import type { SetOutcome } from './synchronization.ts';

/** What a complete set of states leaves to be concluded. */
export interface Conclusion {
  readonly records: readonly NotificationRecord[];
  readonly properties: readonly PropertyChange[];
}

const NOTHING: Conclusion = { records: [], properties: [] };

/**
 * The end of properties that the device does not tell, nor tells to be gone (standard.md 5.13 step 4). A missed Deleted leaves no
 * other trace than that the property is not in the next set; a state that may have changed and is never told again is worse
 * than none.
 *
 *     told as Initialized before, and this set tells states        → gone
 *     otherwise, where states may have changed unseen              → unknown
 *     the subscription is for other messages than the one before   → unknown
 *     a part of the set was lost, or too many to remember          → nothing is concluded; the next set shows
 *
 * @param receivedAt the moment of the conclusion
 */
export function concludeSet(
  set: SetOutcome,
  ledger: PropertyLedger,
  records: DeviceRecords,
  receivedAt: string,
): Conclusion {
  const asksAgain = set.properties === 0 && !set.final;
  if (set.damaged || asksAgain) return NOTHING;
  const deleted: NotificationRecord[] = [];
  const properties: PropertyChange[] = [];
  for (const state of ledger.unheard()) {
    const inferred = inference(set, state);
    if (inferred === null) continue;
    properties.push(ledger.remove(state, records.epoch));
    // An entry of before subjects were kept: where it is retained cannot be said.
    if (state.subject !== undefined) deleted.push(deletedRecord(state, inferred, records, receivedAt));
  }
  return { records: deleted, properties };
}

function inference(set: SetOutcome, { initialized }: PropertyState): Inference | null {
  if (set.refiltered) return 'unknown';
  if (set.properties > 0 && initialized) return 'gone';
  return set.away ? 'unknown' : null;
}

function deletedRecord(
  state: PropertyState,
  inferred: Inference,
  records: DeviceRecords,
  receivedAt: string,
): NotificationRecord {
  const { topic, namespaces, source, key, sourceValues, keyValues } = JSON.parse(state.subject!) as PropertySubject;
  const { device, epoch } = records;
  return {
    kind: 'notification',
    // Concluded twice in an epoch, by the process after a crash, it is the same.
    id: digest(`${device}\ninferred\n${epoch}\n${state.identity}\n${state.data}`),
    device,
    sequence: records.take(),
    epoch,
    topic,
    namespaces,
    utcTime: null,
    time: null,
    receivedAt,
    provenance: 'synchronization',
    propertyOperation: 'Deleted',
    changed: true,
    inferred,
    source,
    key,
    data: {},
    sourceValues,
    keyValues,
  };
}
