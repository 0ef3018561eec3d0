import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AccessPointReport, DoorBoard, DoorReport } from '../api-report.ts';
import { Age } from './age.tsx';
import { followEvents } from './event-source.ts';
import { Icon } from './icon.tsx';
import { Items } from './items.tsx';
import { StatusMark, type Tone } from './status-mark.tsx';
import { usePolled } from './use-polled.ts';
import { EmptyNote, FaultNote, ViewHead } from './view-head.tsx';

/** Between two looks at the board while things happen; at a large one not so often, ms. */
const LEAST_MS = 400;
const LEAST_LARGE_MS = 3_000;
const LARGE = 200;
/** Devices shown at once. */
const PORTION = 40;

export function DoorsView() {
  const [isLarge, setLarge] = useState(false);
  const changes = useDoorChanges(isLarge ? LEAST_LARGE_MS : LEAST_MS);
  const { value: board, fault } = usePolled<DoorBoard>('doors', isLarge ? 2 * LEAST_LARGE_MS : 5_000, changes);
  const [text, setText] = useState('');
  const [isAlarmed, setAlarmed] = useState(false);
  const [most, setMost] = useState(PORTION);
  useEffect(() => setLarge(board !== undefined && board.doors.length + board.accessPoints.length > LARGE), [board]);
  if (board === undefined) return <FaultNote fault={fault} />;
  const parts = partsOf(board, text, isAlarmed);
  return (
    <>
      <ViewHead title="Doors">
        <Summary board={board} />
        <button type="button" class="button" aria-pressed={isAlarmed} onClick={() => setAlarmed(!isAlarmed)}>
          <Icon name="alarm" /> Alarms only
        </button>
        <input
          type="search"
          class="grow"
          placeholder="Filter by device or door"
          aria-label="Filter doors"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </ViewHead>
      <FaultNote fault={fault} />
      {board.doors.length + board.accessPoints.length === 0 && (
        <EmptyNote>No device has told of a door or an access point (tns1:Door, tns1:AccessControl).</EmptyNote>
      )}
      {parts.slice(0, most).map((part) => (
        <Part key={part.device} part={part} />
      ))}
      {parts.length > most && (
        <button type="button" class="more" onClick={() => setMost(most + PORTION)}>
          Show more of {parts.length} devices
        </button>
      )}
    </>
  );
}

/** The doors and access points of one device. */
interface DevicePart extends DoorBoard {
  readonly device: string;
}

function partsOf({ doors, accessPoints }: DoorBoard, text: string, isAlarmed: boolean): DevicePart[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const parts = new Map<string, { device: string; doors: DoorReport[]; accessPoints: AccessPointReport[] }>();
  const partOf = ({ device, token }: { device: string; token: string }) => {
    const all = `${device} ${token}`.toLowerCase();
    if (!words.every((word) => all.includes(word))) return undefined;
    const part = parts.get(device) ?? { device, doors: [], accessPoints: [] };
    parts.set(device, part);
    return part;
  };
  for (const door of doors) if (!isAlarmed || trouble(door) !== null) partOf(door)?.doors.push(door);
  if (!isAlarmed) for (const point of accessPoints) partOf(point)?.accessPoints.push(point);
  const alarms = (part: DevicePart) => (part.doors.some((door) => trouble(door) !== null) ? 0 : 1);
  return [...parts.values()].sort((one, other) => alarms(one) - alarms(other));
}

function Summary({ board: { doors, accessPoints } }: { board: DoorBoard }) {
  const alarms = doors.filter((door) => trouble(door) !== null).length;
  return (
    <p role="status" class="hint">
      {doors.length} doors, {accessPoints.length} access points
      {alarms > 0 && (
        <b class="bad-text">
          , {alarms} with {alarms === 1 ? 'an alarm' : 'alarms'}
        </b>
      )}
    </p>
  );
}

function Part({ part: { device, doors, accessPoints } }: { part: DevicePart }) {
  return (
    <section aria-label={device}>
      <h2>
        <a href={`#/devices/${device}`}>{device}</a>
      </h2>
      <ul class="board">
        {doors.map((door) => (
          <DoorCard key={`door ${door.token}`} door={door} />
        ))}
        {accessPoints.map((point) => (
          <AccessPointCard key={`point ${point.token}`} point={point} />
        ))}
      </ul>
    </section>
  );
}

/** A number that grows when something happens at a door. */
function useDoorChanges(leastMs: number): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    void followEvents({
      query: new URLSearchParams({ topic: 'tns1:Door,tns1:AccessControl,tns1:AccessPoint' }),
      signal: ending.signal,
      onState() {},
      onEvents() {
        timer ??= setTimeout(() => {
          timer = undefined;
          setChanges((before) => before + 1);
        }, leastMs);
      },
    });
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [leastMs]);
  return changes;
}

/** Door Control 6.2: the words that want a person; null where there is none. */
function trouble({ alarm, tamper, fault, position, lock }: DoorReport): string | null {
  if (alarm !== null && alarm !== 'Normal') return spaced(alarm);
  if (tamper === 'TamperDetected') return 'Tamper detected';
  if (fault === 'FaultDetected') return 'Fault detected';
  return [position, lock].includes('Fault') ? 'Sensor fault' : null;
}

function DoorCard({ door }: { door: DoorReport }) {
  const { device, token, mode, position, lock, doubleLock, changedAt } = door;
  const wrong = trouble(door);
  const tone: Tone = wrong !== null ? 'bad' : position === 'Open' ? 'warn' : position === 'Closed' ? 'good' : 'idle';
  return (
    <li class={`card door ${tone}`} data-door={`${device}/${token}`}>
      <h3>
        <Icon name={wrong !== null ? 'alarm' : position === 'Open' ? 'door-open' : 'door'} />
        {token || 'door'}
      </h3>
      <p class="card-word">{wrong ?? spaced(position ?? 'Unknown')}</p>
      <dl class="terms">
        {wrong !== null && position !== null && <Term term="Position">{spaced(position)}</Term>}
        <Term term="Lock">
          {lock === null ? (
            <span class="none">—</span>
          ) : (
            <>
              <Icon name={lock === 'Unlocked' ? 'unlocked' : 'locked'} /> {spaced(lock)}
            </>
          )}
        </Term>
        {doubleLock !== null && <Term term="Second lock">{spaced(doubleLock)}</Term>}
        <Term term="Mode">{mode === null ? <span class="none">—</span> : spaced(mode)}</Term>
        <Term term="Changed">
          <Age at={changedAt} />
        </Term>
      </dl>
    </li>
  );
}

function Term({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function AccessPointCard({ point: { device, token, enabled, lastTransaction } }: { point: AccessPointReport }) {
  const word = lastTransaction?.what.split('/')[0] ?? null;
  return (
    <li class="card point" data-point={`${device}/${token}`}>
      <h3>
        <Icon name="badge" />
        {token || 'access point'}
        {enabled === false && <StatusMark status="disabled" tone="warn" />}
      </h3>
      {lastTransaction === null || word === null ? (
        <p class="hint">Nothing since the start.</p>
      ) : (
        <>
          <p class="card-word">
            <StatusMark status={spaced(word)} tone={transactionTone(word)} />
          </p>
          <p class="hint">
            <Age at={lastTransaction.at} />
          </p>
          <Items items={told(lastTransaction.data)} />
        </>
      )}
    </li>
  );
}

function transactionTone(word: string): Tone {
  if (word === 'AccessGranted' || word === 'AccessTaken') return 'good';
  return word === 'Denied' || word === 'Duress' ? 'bad' : 'warn';
}

/** Who and why; `External: false` is on every one of them. */
function told(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([name, value]) => name !== 'External' || value !== false));
}

/** `DoorForcedOpen` as people write it. */
function spaced(word: string): string {
  const text = word.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return text.replace(/^door (?=forced|open too)/i, '').replace(/^./, (first) => first.toUpperCase());
}
