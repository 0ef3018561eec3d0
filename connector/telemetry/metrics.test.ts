import { describe, expect, it } from 'vitest';
import { createMetrics, type Snapshot } from './metrics.ts';

const SNAPSHOT: Snapshot = { spoolRecords: 12, spoolBytes: 3_400, oldestAgeSeconds: { broker: 1.5, lake: 0 } };
const INFO = { name: 'Front door', manufacturer: 'Acme', model: 'X1', firmware: '1.0', serial: 'S1', site: 'hq' };

/** Metrics with something said of each, and the lines of ours that they expose. */
async function exposed(change: (metrics: ReturnType<typeof createMetrics>) => unknown = () => {}) {
  const metrics = createMetrics('1.2.3', () => SNAPSHOT);
  metrics.received('front-door', 3, 0.2, 1_767_225_600_000);
  metrics.deviceUp('front-door', true);
  metrics.deviceInfo('front-door', INFO);
  metrics.epoch('front-door', 4);
  metrics.clockSkew('front-door', -3600);
  metrics.gap('front-door', 'outage');
  metrics.published('broker', 5);
  metrics.delivery('broker', 5, 0.02);
  metrics.publishError('broker', 'unreachable');
  metrics.deadLetters('broker', 2);
  await change(metrics);
  const { text, contentType } = await metrics.expose();
  const lines = text.split('\n').filter((line) => /^(# TYPE )?onvif_/.test(line));
  return {
    lines,
    contentType,
    value: (series: string) => lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1),
  };
}

describe('metrics', () => {
  it('have the names and kinds of the contract', async () => {
    const { lines, contentType } = await exposed();
    expect(contentType).toContain('text/plain; version=0.0.4');
    const types = lines.filter((line) => line.startsWith('#')).map((line) => line.slice('# TYPE '.length));
    expect(types.sort()).toEqual([
      'onvif_connector_build_info gauge',
      'onvif_connector_dead_letters_total counter',
      'onvif_connector_delivery_seconds histogram',
      'onvif_connector_events_published_total counter',
      'onvif_connector_events_received_total counter',
      'onvif_connector_gaps_total counter',
      'onvif_connector_publish_errors_total counter',
      'onvif_connector_spool_bytes gauge',
      'onvif_connector_spool_oldest_age_seconds gauge',
      'onvif_connector_spool_records gauge',
      'onvif_device_clock_skew_seconds gauge',
      'onvif_device_info gauge',
      'onvif_device_last_event_timestamp_seconds gauge',
      'onvif_device_pull_duration_seconds histogram',
      'onvif_device_subscription_epoch gauge',
      'onvif_device_up gauge',
    ]);
  });

  it.each([
    ['onvif_connector_events_received_total{device="front-door"}', '3'],
    ['onvif_connector_events_published_total{sink="broker"}', '5'],
    ['onvif_connector_publish_errors_total{sink="broker",reason="unreachable"}', '1'],
    ['onvif_connector_dead_letters_total{sink="broker"}', '2'],
    ['onvif_connector_gaps_total{device="front-door",reason="outage"}', '1'],
    ['onvif_connector_spool_records', '12'],
    ['onvif_connector_spool_bytes', '3400'],
    ['onvif_connector_spool_oldest_age_seconds{sink="broker"}', '1.5'],
    ['onvif_connector_spool_oldest_age_seconds{sink="lake"}', '0'],
    [`onvif_connector_build_info{version="1.2.3",nodejs="${process.version}"}`, '1'],
    ['onvif_device_up{device="front-door"}', '1'],
    ['onvif_device_subscription_epoch{device="front-door"}', '4'],
    ['onvif_device_clock_skew_seconds{device="front-door"}', '-3600'],
    ['onvif_device_last_event_timestamp_seconds{device="front-door"}', '1767225600'],
    ['onvif_device_pull_duration_seconds_count{device="front-door"}', '1'],
    ['onvif_connector_delivery_seconds_count{sink="broker"}', '5'],
    ['onvif_connector_delivery_seconds_bucket{le="0.025",sink="broker"}', '5'],
    ['onvif_connector_delivery_seconds_bucket{le="0.01",sink="broker"}', '0'],
  ])('%s is %s', async (series, value) => {
    expect((await exposed()).value(series)).toBe(value);
  });

  it('know one identity of a device, the last', async () => {
    const { lines } = await exposed((metrics) => metrics.deviceInfo('front-door', { ...INFO, firmware: '2.0' }));
    const infos = lines.filter((line) => line.startsWith('onvif_device_info'));
    expect(infos).toHaveLength(1);
    expect(infos[0]).toContain('firmware="2.0"');
  });

  it('do not take an empty answer for an event', async () => {
    const { value } = await exposed((metrics) => metrics.received('front-door', 0, 60, 1_999_999_999_000));
    expect(value('onvif_device_last_event_timestamp_seconds{device="front-door"}')).toBe('1767225600');
    expect(value('onvif_device_pull_duration_seconds_count{device="front-door"}')).toBe('2');
  });

  it('tell the process as well', async () => {
    const metrics = createMetrics('1', () => SNAPSHOT);
    expect((await metrics.expose()).text).toContain('process_cpu_seconds_total');
  });
});

describe('metrics of devices and sinks that come and go', () => {
  it('follow a device that has another name', async () => {
    const { lines } = await exposed((metrics) => {
      metrics.relabel('front-door', { name: 'Back door', site: '' });
      metrics.relabel('never-met', { name: 'x', site: '' });
    });
    const infos = lines.filter((line) => line.startsWith('onvif_device_info'));
    expect(infos).toEqual([expect.stringContaining('name="Back door",manufacturer="Acme"')]);
  });

  it('end, and leave the others', async () => {
    const { lines } = await exposed(async (metrics) => {
      metrics.received('gate', 2, 0.1, 1_767_225_600_000);
      metrics.gap('gate', 'outage');
      metrics.deviceUp('gate', true);
      metrics.published('lake', 1);
      await metrics.expose();
      metrics.received('front-door', 1, 0.2, 1_767_225_600_000);
      await metrics.forget('device', new Set(['front-door']));
      await metrics.forget('sink', new Set(['broker']));
    });
    const gone = (line: string) => line.includes('"front-door"') || /sink="broker"/.test(line);
    // The spool alone knows whether a sink has a place in it.
    expect(lines.filter((line) => gone(line) && !line.includes('oldest_age'))).toEqual([]);
    const kept = ['events_received', 'gaps', 'events_published', 'device_up', 'pull_duration_seconds_bucket'];
    for (const name of kept) expect(lines.filter((line) => line.includes(`${name}`)).join()).toMatch(/gate|lake/);
  });

  it('have no age once the spool knows no place of theirs', async () => {
    let oldestAgeSeconds: Snapshot['oldestAgeSeconds'] = { broker: 1, lake: 2 };
    const metrics = createMetrics('1', () => ({ ...SNAPSHOT, oldestAgeSeconds }));
    await metrics.expose();
    oldestAgeSeconds = { lake: 3 };
    const { text } = await metrics.expose();
    expect(text.match(/oldest_age_seconds\{.*/g)).toEqual(['oldest_age_seconds{sink="lake"} 3']);
  });
});
