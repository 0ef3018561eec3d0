import type { SinkReport, SpoolReport } from '../api-report.ts';
import { Age, span } from './age.tsx';
import { Panel, Terms } from './device-view.tsx';
import { Icon } from './icon.tsx';
import { StatusMark } from './status-mark.tsx';
import { usePolled } from './use-polled.ts';
import { EmptyNote, FaultNote, ViewHead } from './view-head.tsx';

/** A lag that is more than a moment, s. */
const NOTABLE_LAG = 5;

export function SinksView() {
  const { value: sinks, fault } = usePolled<readonly SinkReport[]>('sinks', 2_000);
  const { value: spool } = usePolled<SpoolReport>('spool', 2_000);
  return (
    <>
      <ViewHead title="Sinks and spool" />
      <FaultNote fault={fault} />
      {spool !== undefined && <Spool spool={spool} />}
      {sinks?.length === 0 && <EmptyNote>No sinks are configured: events are kept in the spool for none.</EmptyNote>}
      <div class="panels">
        {sinks?.map((sink) => (
          <Sink key={sink.name} sink={sink} />
        ))}
      </div>
    </>
  );
}

function Sink({ sink }: { sink: SinkReport }) {
  const { name, type, address, mapping, connected, since, lag, deadLetters, lastDeadLetter, lastError } = sink;
  return (
    <section class="panel" data-sink={name}>
      <h2>
        <Icon name="sink" />
        {name}
        <StatusMark status={connected ? 'connected' : 'disconnected'} />
        <small>
          <Age at={since} none="" />
        </small>
      </h2>
      <Terms
        of={[
          ['Type', type],
          ['Address', address === null ? null : <code key="address">{address}</code>],
          ['Mapping', <code key="mapping">{mapping}</code>],
          ['Delivered', `${sink.delivered.toLocaleString('en')} records since the start`],
          ['Last', <Age key="last" at={sink.lastDeliveredAt} />],
          [
            'Lag',
            <span key="lag" class={lag.seconds > NOTABLE_LAG ? 'warn-text' : ''}>
              {lag.records === 0 ? 'none' : `${lag.records.toLocaleString('en')} records, ${span(lag.seconds)}`}
            </span>,
          ],
          [
            'Dead letters',
            <span key="dead" class={deadLetters > 0 ? 'bad-text' : ''}>
              {deadLetters.toLocaleString('en')}
            </span>,
          ],
        ]}
      />
      {lastDeadLetter !== null && (
        <p class="note warn">
          Dead letter <Age at={lastDeadLetter.at} />: {lastDeadLetter.reason}
        </p>
      )}
      {lastError !== null && (
        <p class={`note ${connected ? 'warn' : 'bad'}`}>
          {lastError.what} <Age at={lastError.at} />: {lastError.error}
        </p>
      )}
    </section>
  );
}

function Spool({ spool: { records, bytes, maxBytes, holding, lastOffset } }: { spool: SpoolReport }) {
  const part = maxBytes > 0 ? bytes / maxBytes : 0;
  const percent = part < 0.001 ? 'under 0.1' : (part * 100).toFixed(1);
  return (
    <Panel title="Spool">
      {holding && (
        <p class="note bad" role="alert">
          Full: devices are not asked for more until a sink takes some.
        </p>
      )}
      <meter value={part} min={0} max={1} low={0.5} high={0.8} optimum={0} aria-label="Spool in use">
        {percent} %
      </meter>
      <Terms
        of={[
          ['In use', `${size(bytes)} of ${size(maxBytes)} (${percent} %)`],
          ['Records', `${records.toLocaleString('en')} kept`],
          ['Written ever', lastOffset.toLocaleString('en')],
        ]}
      />
    </Panel>
  );
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
