import { describe, expect, it } from 'vitest';
import { exposed, metricsOfSnapshot } from '../../test/support/metrics-of-nothing.ts';
import type { Metrics, Snapshot } from './metrics.ts';
import { OWN_METRICS } from './own-metrics.ts';
import { TOPIC_COUNTERS, TOPIC_GAUGES } from './topic-metrics.ts';

const NEW_YEAR = Date.UTC(2026, 0, 1);
const SNAPSHOT: Partial<Snapshot> = {
  spool: { records: 12, bytes: 3_400, maxBytes: 10_000, holding: true, oldestAgeSeconds: { broker: 1.5, lake: 0 } },
  sinks: { broker: true, lake: false },
  notify: { stored: 7, refused: 1, unknown: 2, foreign: 3 },
};
const IDENTITY = { manufacturer: 'Acme', model: 'X1', firmware: '1.0', serial: 'S1' };

/** Metrics with something said of each. */
async function said(change: (metrics: Metrics) => unknown = () => {}) {
  const metrics = metricsOfSnapshot(SNAPSHOT);
  metrics.deviceNamed('front-door', { name: 'Front door', site: 'hq' });
  metrics.deviceIdentity('front-door', IDENTITY);
  metrics.deviceStatus('front-door', 'online');
  metrics.received('front-door', 3, 0.2, NEW_YEAR);
  metrics.epoch('front-door', 4);
  metrics.clockSkew('front-door', -3600);
  metrics.gap('front-door', 'outage', NEW_YEAR + 1_000);
  metrics.deviceError('front-door', 'timeout');
  metrics.sinkNamed('broker');
  metrics.sinkNamed('lake');
  metrics.published('broker', 5);
  metrics.delivery('broker', 5, 0.02);
  metrics.publishError('broker', 'unreachable');
  metrics.deadLetters('broker', 2, NEW_YEAR);
  await change(metrics);
  return exposed(metrics);
}

describe('metrics', () => {
  it('are those of the catalogue, each of its kind', async () => {
    const { lines } = await said();
    const types = lines.filter((line) => line.startsWith('#')).map((line) => line.slice('# TYPE '.length));
    const listed = [
      ...Object.values(OWN_METRICS).map(({ name, type }) => `${name} ${type}`),
      ...TOPIC_GAUGES.map(({ metric }) => `${metric} gauge`),
      ...TOPIC_COUNTERS.map(({ metric }) => `${metric} counter`),
    ];
    expect(types.sort()).toEqual([...new Set(listed)].sort());
  });

  it('are in the text format of Prometheus 0.0.4, with those of the process', async () => {
    const { contentType, text } = await metricsOfSnapshot().expose();
    expect(contentType).toContain('text/plain; version=0.0.4');
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']) expect(text).toContain(name);
  });

  it.each([
    ['onvif_connector_events_received_total{device="front-door"}', '3'],
    ['onvif_connector_events_published_total{sink="broker"}', '5'],
    ['onvif_connector_events_published_total{sink="lake"}', '0'],
    ['onvif_connector_publish_errors_total{sink="broker",reason="unreachable"}', '1'],
    ['onvif_connector_device_errors_total{device="front-door",reason="timeout"}', '1'],
    ['onvif_connector_dead_letters_total{sink="broker"}', '2'],
    ['onvif_connector_dead_letters_total{sink="lake"}', '0'],
    ['onvif_connector_last_dead_letter_timestamp_seconds{sink="broker"}', '1767225600'],
    ['onvif_connector_gaps_total{device="front-door",reason="outage"}', '1'],
    ['onvif_device_last_gap_timestamp_seconds{device="front-door"}', '1767225601'],
    ['onvif_connector_spool_records', '12'],
    ['onvif_connector_spool_bytes', '3400'],
    ['onvif_connector_spool_max_bytes', '10000'],
    ['onvif_connector_spool_holding', '1'],
    ['onvif_connector_spool_oldest_age_seconds{sink="broker"}', '1.5'],
    ['onvif_connector_spool_oldest_age_seconds{sink="lake"}', '0'],
    ['onvif_connector_sink_up{sink="broker"}', '1'],
    ['onvif_connector_sink_up{sink="lake"}', '0'],
    ['onvif_connector_notify_stored_total', '7'],
    ['onvif_connector_notify_refused_total{reason="busy"}', '1'],
    ['onvif_connector_notify_refused_total{reason="unknown"}', '2'],
    ['onvif_connector_notify_refused_total{reason="foreign"}', '3'],
    [`onvif_connector_build_info{version="1.2.3",nodejs="${process.version}"}`, '1'],
    ['onvif_device_up{device="front-door"}', '1'],
    ['onvif_device_unauthorized{device="front-door"}', '0'],
    ['onvif_device_subscription_epoch{device="front-door"}', '4'],
    ['onvif_device_clock_skew_seconds{device="front-door"}', '-3600'],
    ['onvif_device_last_event_timestamp_seconds{device="front-door"}', '1767225600'],
    ['onvif_device_pull_duration_seconds_count{device="front-door"}', '1'],
    ['onvif_connector_delivery_seconds_count{sink="broker"}', '5'],
    ['onvif_connector_delivery_seconds_bucket{le="0.025",sink="broker"}', '5'],
    ['onvif_connector_delivery_seconds_bucket{le="0.01",sink="broker"}', '0'],
  ])('%s is %s', async (series, value) => {
    expect((await said()).value(series)).toBe(value);
  });

  it('do not count twice what is counted elsewhere', async () => {
    const { value } = await said((metrics) => metrics.expose());
    expect(value('onvif_connector_notify_stored_total')).toBe('7');
    expect(value('onvif_connector_events_received_total{device="front-door"}')).toBe('3');
  });

  it('do not take an empty answer for an event', async () => {
    const { value } = await said((metrics) => metrics.received('front-door', 0, 60, 1_999_999_999_000));
    expect(value('onvif_device_last_event_timestamp_seconds{device="front-door"}')).toBe('1767225600');
    expect(value('onvif_device_pull_duration_seconds_count{device="front-door"}')).toBe('2');
  });

  it('tell a device that refuses the login from one that is away', async () => {
    const { value } = await said((metrics) => metrics.deviceStatus('front-door', 'unauthorized'));
    expect(value('onvif_device_up{device="front-door"}')).toBe('0');
    expect(value('onvif_device_unauthorized{device="front-door"}')).toBe('1');
  });
});

describe('metrics of devices and sinks that come and go', () => {
  const infos = (lines: readonly string[]) => lines.filter((line) => line.startsWith('onvif_device_info'));

  it('tell of a device that was never reached that it is down', async () => {
    const { value, lines } = await said((metrics) => metrics.deviceNamed('gate', { name: 'Gate', site: '' }));
    expect(value('onvif_device_up{device="gate"}')).toBe('0');
    expect(value('onvif_connector_events_received_total{device="gate"}')).toBe('0');
    expect(infos(lines)[1]).toBe(
      'onvif_device_info{device="gate",name="Gate",manufacturer="",model="",firmware="",serial="",site=""} 1',
    );
  });

  it('know one identity of a device, the last', async () => {
    const { lines } = await said((metrics) => metrics.deviceIdentity('front-door', { ...IDENTITY, firmware: '2.0' }));
    expect(infos(lines)).toEqual([expect.stringContaining('firmware="2.0"')]);
  });

  it('follow a device that has another name, and stay up meanwhile', async () => {
    const { lines, value } = await said((metrics) =>
      metrics.deviceNamed('front-door', { name: 'Back door', site: '' }),
    );
    expect(infos(lines)).toEqual([expect.stringContaining('name="Back door",manufacturer="Acme"')]);
    expect(value('onvif_device_up{device="front-door"}')).toBe('1');
  });

  it('take what was known before a restart until the device says it anew', async () => {
    const metrics = metricsOfSnapshot();
    metrics.deviceNamed('gate', { name: 'Gate', site: '' });
    metrics.deviceIdentity('gate', IDENTITY, 'earlier');
    expect(infos((await exposed(metrics)).lines)).toEqual([expect.stringContaining('firmware="1.0"')]);
    metrics.deviceIdentity('gate', { ...IDENTITY, firmware: '2.0' });
    metrics.deviceIdentity('gate', IDENTITY, 'earlier');
    expect(infos((await exposed(metrics)).lines)).toEqual([expect.stringContaining('firmware="2.0"')]);
  });

  it('know when an event last came before the restart', async () => {
    const metrics = metricsOfSnapshot();
    const record = { device: 'gate', topic: 'tns1:Door/State/DoorMode', source: {}, data: {} };
    metrics.restored(record, NEW_YEAR + 5_000);
    metrics.restored(record, NEW_YEAR);
    const series = 'onvif_device_last_event_timestamp_seconds{device="gate"}';
    expect((await exposed(metrics)).value(series)).toBe('1767225605');
    metrics.received('gate', 1, 0.1, NEW_YEAR + 60_000);
    expect((await exposed(metrics)).value(series)).toBe('1767225660');
  });

  it('end, and leave the others', async () => {
    const { lines } = await said(async (metrics) => {
      metrics.received('gate', 2, 0.1, NEW_YEAR);
      metrics.gap('gate', 'outage', NEW_YEAR);
      metrics.deviceStatus('gate', 'online');
      metrics.published('lake', 1);
      await metrics.expose();
      metrics.received('front-door', 1, 0.2, NEW_YEAR);
      await metrics.forget('device', new Set(['front-door']));
      await metrics.forget('sink', new Set(['broker']));
    });
    // The snapshot alone knows what sinks there are.
    const asked = /^onvif_connector_(spool_oldest_age_seconds|sink_up)/;
    const gone = (line: string) => (line.includes('"front-door"') || /sink="broker"/.test(line)) && !asked.test(line);
    expect(lines.filter(gone)).toEqual([]);
    const kept = ['events_received', 'gaps', 'events_published', 'device_up', 'pull_duration_seconds_bucket'];
    for (const name of kept) expect(lines.filter((line) => line.includes(`${name}`)).join()).toMatch(/gate|lake/);
  });

  it('have no age once the spool knows no place of theirs', async () => {
    const spool = { records: 0, bytes: 0, maxBytes: 1, holding: false, oldestAgeSeconds: { broker: 1, lake: 2 } };
    const snapshot = { spool };
    const metrics = metricsOfSnapshot(snapshot);
    await metrics.expose();
    Object.assign(spool, { oldestAgeSeconds: { lake: 3 } });
    const { text } = await metrics.expose();
    expect(text.match(/oldest_age_seconds\{.*/g)).toEqual(['oldest_age_seconds{sink="lake"} 3']);
  });
});
