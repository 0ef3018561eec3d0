import { expect, test } from 'vitest';
import { reportOf } from '../../test/support/fake-api-source.ts';
import type { SinkReport } from '../api/api-report.ts';
import { type TopSample, topTable } from './top-table.ts';

const LOOK = { columns: 200, colour: false };

function sample(given: Partial<TopSample> = {}, now = '2026-11-23T08:01:00.000Z'): TopSample {
  const startedAt = '2026-11-23T08:00:00.000Z';
  return {
    connector: { version: '1.2.3', startedAt, now, ready: true, devices: 1, sinks: 1 },
    devices: [reportOf('yard', { events: 100 })],
    sinks: [sink()],
    spool: { records: 1, bytes: 25, maxBytes: 100, holding: false, lastOffset: 1 },
    ...given,
  };
}

function sink(given: Partial<SinkReport> = {}): SinkReport {
  return {
    ...{ name: 'broker', type: 'mqtt', address: null, mapping: 'onvif-ej', connected: true, since: null },
    ...{ lag: { records: 3, seconds: 7 }, delivered: 90, lastDeliveredAt: null },
    ...{ deadLetters: 0, lastDeadLetter: null, lastError: null },
    ...given,
  };
}

test('what runs, its sinks and its devices', () => {
  expect(topTable(sample(), undefined, LOOK).split('\n')).toEqual([
    'onvif-connector 1.2.3   up 60 s   ready   1 of 1 devices online   spool 25.0 %',
    '',
    'SINK    UP   RECORDS  REC/S  LAG  AGE  DEAD  LAST ERROR',
    'broker  yes  90       -      3    7 s  0',
    '',
    'DEVICE  STATE   SINCE  LAST EVENT  EVENTS  EV/S  CLOCK   GAPS  ERROR',
    'yard    online  60 s   60 s        100     -     +0.2 s  0',
    '',
  ]);
});

test('rates are those since the look before', () => {
  const before = sample({ devices: [reportOf('yard', { events: 80 })], sinks: [sink({ delivered: 85 })] });
  const table = topTable(sample({}, '2026-11-23T08:01:10.000Z'), before, LOOK);
  expect(table).toMatch(/broker\s+yes\s+90\s+0\.5/);
  expect(table).toMatch(/yard\s+online\s.*100\s+2\.0/);
});

test('those with trouble come first, and what has no room is counted', () => {
  const devices = Array.from({ length: 50 }, (_, index) => reportOf(`d${index}`));
  devices.push(reportOf('gone', { status: 'offline', error: 'cannot be reached' }));
  const lines = topTable(sample({ devices }), undefined, { ...LOOK, rows: 20 })
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(19);
  expect(lines[6]).toMatch(/^gone\s+offline\s.*cannot be reached$/);
  expect(lines.at(-1)).toBe('… and 39 more');
});

test('a line ends with the screen, and nothing a device says steers the terminal', () => {
  const devices = [reportOf('bad', { status: 'offline', error: `\u001b[2J${'x'.repeat(500)}\nfake` })];
  const table = topTable(sample({ devices }), undefined, { columns: 80, colour: false });
  expect(table).not.toContain('\u001b');
  expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('colours are for terminals', () => {
  expect(topTable(sample(), undefined, { ...LOOK, colour: true })).toContain('\u001b[32monline\u001b[0m');
});
