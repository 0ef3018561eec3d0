import { useMemo, useState } from 'preact/hooks';
import type { DeviceReport, ReportedStatus } from '../api-report.ts';
import { Age, span } from './age.tsx';
import { StatusMark } from './status-mark.tsx';
import { usePolled } from './use-polled.ts';
import { EmptyNote, FaultNote, ViewHead } from './view-head.tsx';

/** Those that want a person come first. */
const ORDER: readonly ReportedStatus[] = ['offline', 'unauthorized', 'starting', 'online', 'stopped'];
/** Rows shown at once: a browser takes its time with thousands. */
const PORTION = 100;
/** Beyond this a clock that is off makes people look in the wrong place, s. */
const NOTABLE_SKEW = 2;

export function DevicesView() {
  const { value: devices, fault } = usePolled<readonly DeviceReport[]>('devices', 2_000);
  const [text, setText] = useState('');
  const [status, setStatus] = useState<ReportedStatus | null>(null);
  const [most, setMost] = useState(PORTION);
  const chosen = useMemo(() => choose(devices ?? [], text, status), [devices, text, status]);
  if (devices === undefined) return <FaultNote fault={fault} />;
  return (
    <>
      <ViewHead title="Devices">
        <StatusChips devices={devices} chosen={status} onChoose={setStatus} />
        <input
          type="search"
          class="grow"
          placeholder="Filter by id, name, site, address, model"
          aria-label="Filter devices"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </ViewHead>
      <FaultNote fault={fault} />
      {devices.length === 0 && <EmptyNote>No devices are configured. Add some under devices: and reload.</EmptyNote>}
      {devices.length > 0 && <DeviceTable devices={chosen.slice(0, most)} />}
      {chosen.length > most && (
        <button type="button" class="more" onClick={() => setMost(most + 4 * PORTION)}>
          Show more of {chosen.length} devices
        </button>
      )}
      {devices.length > 0 && chosen.length === 0 && <EmptyNote>No device is like that.</EmptyNote>}
    </>
  );
}

function choose(devices: readonly DeviceReport[], text: string, status: ReportedStatus | null): DeviceReport[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ id, name, site, address, identity }: DeviceReport) => {
    const all = [id, name, site, address, ...Object.values(identity)].join(' ').toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const rank = (device: DeviceReport) => ORDER.indexOf(device.status);
  return devices
    .filter((device) => (status === null || device.status === status) && matches(device))
    .sort((one, other) => rank(one) - rank(other));
}

interface ChipsProps {
  readonly devices: readonly DeviceReport[];
  readonly chosen: ReportedStatus | null;
  onChoose(status: ReportedStatus | null): void;
}

function StatusChips({ devices, chosen, onChoose }: ChipsProps) {
  const counts = new Map<ReportedStatus, number>();
  for (const { status } of devices) counts.set(status, (counts.get(status) ?? 0) + 1);
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">Show devices that are</legend>
      <button type="button" aria-pressed={chosen === null} onClick={() => onChoose(null)}>
        all <b>{devices.length}</b>
      </button>
      {ORDER.filter((status) => counts.has(status) || status === chosen).map((status) => (
        <button
          key={status}
          type="button"
          aria-pressed={chosen === status}
          onClick={() => onChoose(chosen === status ? null : status)}
        >
          <StatusMark status={status} /> <b>{counts.get(status) ?? 0}</b>
        </button>
      ))}
    </fieldset>
  );
}

function DeviceTable({ devices }: { devices: readonly DeviceReport[] }) {
  return (
    <table class="wide">
      <caption class="visually-hidden">Devices, those with trouble first</caption>
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">State</th>
          <th scope="col">Model</th>
          <th scope="col">Last event</th>
          <th scope="col" class="number">
            Events
          </th>
          <th scope="col" class="number">
            Clock
          </th>
          <th scope="col">Subscription</th>
          <th scope="col" class="number">
            Gaps
          </th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <DeviceRow key={device.id} device={device} />
        ))}
      </tbody>
    </table>
  );
}

function DeviceRow({ device }: { device: DeviceReport }) {
  const { id, name, site, status, since, error, identity, lastEventAt, events, gaps, lastGapAt } = device;
  return (
    <tr data-device={id} data-status={status}>
      <th scope="row">
        <a href={`#/devices/${id}`}>{name ?? id}</a>
        <small>{[name === null ? null : id, site].filter(Boolean).join(' · ')}</small>
      </th>
      <td data-label="State">
        <StatusMark status={status} />{' '}
        <small>
          <Age at={since} none="" />
        </small>
        {error !== null && <small class="error">{error}</small>}
      </td>
      <td data-label="Model">
        {identity.model ?? <span class="none">—</span>}
        <small>{identity.manufacturer}</small>
      </td>
      <td data-label="Last event">
        <Age at={lastEventAt} />
      </td>
      <td data-label="Events" class="number">
        {events.toLocaleString('en')}
      </td>
      <td data-label="Clock" class="number">
        <Skew seconds={device.clockSkewSeconds} />
      </td>
      <td data-label="Subscription">
        <Subscription device={device} />
      </td>
      <td data-label="Gaps" class="number">
        {gaps === 0 ? <span class="none">0</span> : <b class="warn-text">{gaps}</b>}
        {lastGapAt !== null && (
          <small>
            <Age at={lastGapAt} />
          </small>
        )}
      </td>
    </tr>
  );
}

export function Skew({ seconds }: { seconds: number | null }) {
  if (seconds === null) return <span class="none">—</span>;
  const size = Math.abs(seconds);
  const text = size < 0.05 ? '±0 s' : `${seconds < 0 ? '−' : '+'}${size < 9.95 ? `${size.toFixed(1)} s` : span(size)}`;
  return <span class={size > NOTABLE_SKEW ? 'warn-text' : ''}>{text}</span>;
}

function Subscription({ device: { subscription, status } }: { device: DeviceReport }) {
  if (subscription === null) return <span class="none">—</span>;
  const { flow, leaseUntil } = subscription;
  return (
    <>
      {flow === 'pull-point' ? 'pull point' : 'base notification'}
      {status === 'online' && leaseUntil !== null && (
        <small>
          lease ends <Age at={leaseUntil} />
        </small>
      )}
    </>
  );
}
