import type { DeviceDetail, DeviceReport } from '../../connector/api/api-report.ts';
import type { ApiSource } from '../../connector/api/api-routes.ts';
import { recentEvents, type StreamEntry } from '../../connector/api/recent-events.ts';

const AT = '2026-11-23T08:00:00.000Z';

/** A source that knows of nothing, but for what the test gives it. */
export function fakeSource(given: Partial<ApiSource> = {}): ApiSource {
  return {
    ready: () => ({ ready: true, detail: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    connector: () => ({ version: '0', startedAt: AT, now: AT, ready: true, devices: 0, sinks: 0 }),
    devices: () => [],
    device: () => undefined,
    sinks: () => [],
    spool: () => ({ records: 0, bytes: 0, maxBytes: 1, holding: false, lastOffset: 0 }),
    doors: () => ({ doors: [], accessPoints: [] }),
    config: () => ({}),
    mappings: () => [],
    play: () => ({ records: [], notes: [], outputs: [] }),
    events: recentEvents(),
    lastOffset: () => 0,
    shown: ({ json }) => json,
    ...given,
  };
}

export function reportOf(id: string, given: Partial<DeviceReport> = {}): DeviceReport {
  return {
    ...{ id, name: null, site: null, address: `http://${id}.example/onvif/device_service` },
    ...{ status: 'online', since: AT, error: null, lastEventAt: AT, lastAnswerAt: AT, events: 12 },
    identity: { manufacturer: 'Example Devices', model: 'Simulated Camera', firmwareVersion: '1.0', serialNumber: id },
    clockSkewSeconds: 0.2,
    subscription: { flow: 'pull-point', epoch: 1, how: 'created', leaseUntil: AT },
    ...{ gaps: 0, lastGapAt: null },
    ...given,
  };
}

export function detailOf(id: string): DeviceDetail {
  const none = { recentGaps: [], recentTroubles: [], learned: [], properties: [], propertiesTotal: 0 };
  return { ...reportOf(id), capabilities: {}, topics: [], missing: [], ...none };
}

/** Notifications in the order of their offsets, from `first` to `last`. */
export function entriesOf(first: number, last: number, given: Partial<StreamEntry['record']> = {}): StreamEntry[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const record = { kind: 'notification', device: 'front-door', topic: 'tns1:Door/State/DoorMode', ...given };
    return { offset: first + index, record, json: JSON.stringify({ ...record, sequence: first + index }) };
  });
}
