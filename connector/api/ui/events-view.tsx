import { useState } from 'preact/hooks';
import type { DeviceReport } from '../api-report.ts';
import { TimeOfDay } from './age.tsx';
import { Icon } from './icon.tsx';
import { Saying, Values } from './items.tsx';
import { type ShownRecord, shortTopic } from './shown-record.ts';
import { usePolled } from './use-polled.ts';
import { type TailLine, useTail } from './use-tail.ts';
import { EmptyNote, ViewHead } from './view-head.tsx';

const KINDS = ['notification', 'gap', 'synchronized', 'device', 'status'];

export function EventsView({ device: given }: { device: string }) {
  const [chosen, setChosen] = useState<{ readonly given: string; readonly device: string }>({ given, device: given });
  // The address names another device: that is what is wanted now.
  const device = chosen.given === given ? chosen.device : given;
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const tail = useTail({ device, kind });
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const lines = tail.lines.filter((line) => words.every((word) => line.text.includes(word)));
  return (
    <>
      <ViewHead title="Events">
        <DeviceChoice device={device} onChoose={(id) => setChosen({ given, device: id })} />
        <KindChoice kind={kind} onChoose={setKind} />
        <input
          type="search"
          class="grow"
          placeholder="Filter by topic, source, value"
          aria-label="Filter events"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="button" class="button" aria-pressed={tail.isPaused} onClick={tail.togglePause}>
          <Icon name={tail.isPaused ? 'play' : 'pause'} />
          {tail.isPaused ? 'Go on' : 'Pause'}
        </button>
        <TailState {...tail} />
      </ViewHead>
      {lines.length === 0 ? (
        <EmptyNote>
          {tail.lines.length === 0 ? 'Nothing yet. Events appear here as they come.' : 'No event is like that.'}
        </EmptyNote>
      ) : (
        // Not read out by itself: events may come by the hundred.
        <ol class="tail" aria-label="Events, newest first">
          {lines.map((line) => (
            <EventLine key={line.key} line={line} />
          ))}
        </ol>
      )}
    </>
  );
}

function DeviceChoice({ device, onChoose }: { device: string; onChoose(id: string): void }) {
  const { value: devices = [] } = usePolled<readonly DeviceReport[]>('devices', 30_000);
  const isListed = device === '' || devices.some(({ id }) => id === device);
  return (
    <select aria-label="Device" value={device} onChange={(event) => onChoose(event.currentTarget.value)}>
      <option value="">all devices</option>
      {!isListed && <option value={device}>{device}</option>}
      {devices.map(({ id, name }) => (
        <option key={id} value={id}>
          {name === null ? id : `${name} (${id})`}
        </option>
      ))}
    </select>
  );
}

function KindChoice({ kind, onChoose }: { kind: string; onChoose(kind: string): void }) {
  return (
    <select aria-label="Kind" value={kind} onChange={(event) => onChoose(event.currentTarget.value)}>
      <option value="">all kinds</option>
      {KINDS.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}

function TailState({ isLive, isPaused, waiting, perSecond }: ReturnType<typeof useTail>) {
  const tone = isPaused ? 'warn' : isLive ? 'good' : 'idle';
  const word = isPaused ? 'Paused' : isLive ? 'Live' : 'Connecting';
  return (
    <p class={`health ${tone}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{word}</span>
      <span class="hint">{isPaused && waiting > 0 ? `${waiting} new` : `${perSecond}/s`}</span>
    </p>
  );
}

function EventLine({ line }: { line: TailLine }) {
  const [isOpen, setOpen] = useState(false);
  const { record, missed } = line;
  if (record === undefined) return <li class="event missed">{missed}</li>;
  return (
    <li class={`event ${record.kind} ${record.propertyOperation === 'Deleted' ? 'deleted' : ''}`}>
      <button type="button" class="event-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="event-time">
          <TimeOfDay at={record.receivedAt} />
        </span>
        <span class="event-device">{record.device}</span>
        <span class="event-topic">{record.topic === undefined ? record.kind : shortTopic(record.topic)}</span>
        <span class="event-says">
          <Values items={{ ...record.source, ...record.key }} />
          <Saying record={record} />
          <Operation record={record} />
        </span>
      </button>
      {isOpen && <pre class="json">{JSON.stringify(record, null, 2)}</pre>}
    </li>
  );
}

function Operation({ record: { propertyOperation, provenance } }: { record: ShownRecord }) {
  const words = [
    propertyOperation === 'Changed' ? undefined : propertyOperation,
    provenance === 'live' ? undefined : provenance,
  ];
  const said = words.filter((word) => word !== undefined);
  return said.length === 0 ? null : <span class="operation">{said.join(' · ')}</span>;
}
