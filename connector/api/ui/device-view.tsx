import type { ComponentChildren } from 'preact';
import type { DeviceDetail } from '../api-report.ts';
import { Age } from './age.tsx';
import { Skew } from './devices-view.tsx';
import { Icon } from './icon.tsx';
import { Items } from './items.tsx';
import { type ShownRecord, shortTopic } from './shown-record.ts';
import { StatusMark } from './status-mark.tsx';
import { usePolled } from './use-polled.ts';
import { EmptyNote, FaultNote } from './view-head.tsx';

export function DeviceView({ id }: { id: string }) {
  const { value: device, fault } = usePolled<DeviceDetail>(`devices/${encodeURIComponent(id)}`, 2_000);
  return (
    <>
      <p class="crumb">
        <a href="#/devices">
          <Icon name="back" /> Devices
        </a>
      </p>
      <FaultNote fault={fault} />
      {device !== undefined && <Detail device={device} />}
    </>
  );
}

function Detail({ device }: { device: DeviceDetail }) {
  const { id, name, status, since, error, missing, topics } = device;
  return (
    <>
      <div class="view-head">
        <h1>{name ?? id}</h1>
        <StatusMark status={status} />
        <span class="hint">
          since <Age at={since} />
        </span>
        <a class="button" href={`#/events/${id}`}>
          <Icon name="pulse" /> Its events
        </a>
      </div>
      {error !== null && (
        <p class="note bad" role="alert">
          {error}
        </p>
      )}
      <div class="panels">
        <Identity device={device} />
        <Contact device={device} />
      </div>
      <Properties device={device} />
      <div class="panels">
        <Gaps device={device} />
        <Troubles device={device} />
        <Learned device={device} />
        <Panel title={`Topics (${topics.length})`}>
          {missing.length > 0 && <p class="hint">It does not tell: {missing.join('; ')}</p>}
          <ul class="plain mono">
            {topics.map((topic) => (
              <li key={topic}>{shortTopic(topic)}</li>
            ))}
          </ul>
        </Panel>
      </div>
    </>
  );
}

export function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Terms and what they are; those nobody knows are left out. */
export function Terms({ of }: { of: readonly (readonly [term: string, what: ComponentChildren])[] }) {
  return (
    <dl class="terms">
      {of
        .filter(([, what]) => what !== null && what !== undefined && what !== '')
        .map(([term, what]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{what}</dd>
          </div>
        ))}
    </dl>
  );
}

function Identity({ device: { id, site, address, identity } }: { device: DeviceDetail }) {
  const { manufacturer, model, firmwareVersion, serialNumber, hardwareId } = identity;
  return (
    <Panel title="Identity">
      <Terms
        of={[
          ['Id', <code key="id">{id}</code>],
          ['Site', site],
          ['Address', <code key="address">{address}</code>],
          ['Manufacturer', manufacturer],
          ['Model', model],
          ['Firmware', firmwareVersion],
          ['Serial number', serialNumber],
          ['Hardware', hardwareId],
        ]}
      />
    </Panel>
  );
}

function Contact({ device }: { device: DeviceDetail }) {
  const { lastEventAt, lastAnswerAt, events, clockSkewSeconds, subscription } = device;
  return (
    <Panel title="Contact">
      <Terms
        of={[
          ['Last event', <Age key="event" at={lastEventAt} none="none since the start" />],
          ['Last answer', <Age key="answer" at={lastAnswerAt} />],
          ['Events', `${events.toLocaleString('en')} since the start`],
          ['Its clock', <Skew key="skew" seconds={clockSkewSeconds} />],
          ['Flow', subscription?.flow],
          [
            'Subscription',
            subscription && `no. ${subscription.epoch}${subscription.how ? `, ${subscription.how}` : ''}`,
          ],
          ['Lease ends', subscription && <Age key="lease" at={subscription.leaseUntil} />],
        ]}
      />
    </Panel>
  );
}

function Properties({ device: { properties, propertiesTotal } }: { device: DeviceDetail }) {
  if (propertiesTotal === 0) return <EmptyNote>It has told no property states.</EmptyNote>;
  return (
    <section>
      <h2>Property states ({propertiesTotal})</h2>
      <table class="wide">
        <caption class="visually-hidden">Property states, the last to change first</caption>
        <thead>
          <tr>
            <th scope="col">Topic</th>
            <th scope="col">Source</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {(properties as readonly ShownRecord[]).map((record) => (
            <tr key={record.id}>
              <th scope="row" class="mono">
                {shortTopic(record.topic ?? '')}
              </th>
              <td data-label="Source">
                <Items items={{ ...record.source, ...record.key }} />
              </td>
              <td data-label="State">
                <Items items={record.data} />
              </td>
              <td data-label="Since">
                <Age at={record.time ?? record.receivedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {propertiesTotal > properties.length && <p class="hint">The last {properties.length} of them.</p>}
    </section>
  );
}

function Gaps({ device: { gaps, recentGaps } }: { device: DeviceDetail }) {
  return (
    <Panel title={`Gaps (${gaps})`}>
      {recentGaps.length === 0 && <p class="hint">None since the connector started: nothing it told was lost.</p>}
      <ul class="plain">
        {recentGaps.map(({ since, until, reason, detail }) => (
          <li key={`${until} ${reason}`}>
            <b class="warn-text">{reason}</b> <Age at={until} />
            <small>
              {since === null ? 'since nobody knows when' : `since ${new Date(since).toLocaleTimeString()}`} until{' '}
              {new Date(until).toLocaleTimeString()}
              {detail !== null && `: ${detail}`}
            </small>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Troubles({ device: { recentTroubles } }: { device: DeviceDetail }) {
  return (
    <Panel title="Trouble lately">
      {recentTroubles.length === 0 && <p class="hint">None since the connector started.</p>}
      <ul class="plain">
        {recentTroubles.map(({ at, what, error }, index) => (
          <li key={`${at} ${index}`}>
            <b>{what}</b> <Age at={at} />
            <small>{error}</small>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Learned({ device: { learned } }: { device: DeviceDetail }) {
  return (
    <Panel title="Learned of it">
      {learned.length === 0 && <p class="hint">Nothing: it does as the standard says.</p>}
      <ul class="plain">
        {learned.map(({ name, value, at, from }) => (
          <li key={name}>
            <code>
              {name} = {String(value)}
            </code>{' '}
            <Age at={at} />
            <small>{from}</small>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
