import { describe, expect, it } from 'vitest';
import { deviceRecords } from './device-records.ts';

const AT = Date.UTC(2026, 0, 1, 12, 0, 0, 123);

describe('records of a device', () => {
  it('are numbered without holes, from the last one stored, whatever their kind', () => {
    const records = deviceRecords('front-door', 41, 7);
    const made = [
      records.status('online', AT).sequence,
      records.take(),
      records.gap(null, AT, 'outage').sequence,
      records.take(),
      records.synchronized(AT, null, { properties: 1, changed: 1, deleted: 0, gap: 'none', cause: 'start' }).sequence,
      records.described(AT, { identity: {}, capabilities: {}, topics: [] }).sequence,
    ];
    expect(made).toEqual([42, 43, 44, 45, 46, 47]);
    expect(records.sequence).toBe(47);
  });

  it('carry the epoch of their time', () => {
    const records = deviceRecords('d', 0, 7);
    expect(records.status('online', AT).epoch).toBe(7);
    records.nextEpoch();
    expect(records.status('offline', AT)).toMatchObject({ epoch: 8 });
    expect(records.epoch).toBe(8);
  });

  it('have an id of their own, the same for the same number', () => {
    const ids = (device: string) => {
      const records = deviceRecords(device, 0, 0);
      return [records.status('online', AT).id, records.status('online', AT).id, records.gap(0, AT, 'unknown').id];
    };
    expect(new Set([...ids('a'), ...ids('b')]).size).toBe(6);
    expect(ids('a')).toEqual(ids('a'));
  });

  it('read as the contract has them', () => {
    const records = deviceRecords('d', 0, 1);
    expect(records.gap(AT - 1000, AT, 'outage', 'line cut')).toMatchObject({
      ...{ kind: 'gap', device: 'd', sequence: 1, epoch: 1, reason: 'outage', detail: 'line cut' },
      ...{ since: '2026-01-01T11:59:59.123Z', until: '2026-01-01T12:00:00.123Z' },
    });
    expect(records.gap(null, AT, 'restart').since).toBeNull();
    expect(records.gap(null, AT - 1, 'begin-of-buffer', undefined, AT)).toMatchObject({
      ...{ until: '2026-01-01T12:00:00.122Z', receivedAt: '2026-01-01T12:00:00.123Z' },
    });
    const counts = { properties: 3, changed: 2, deleted: 1, gap: 'possible', cause: 'outage' } as const;
    expect(records.synchronized(AT, AT - 1000, counts)).toMatchObject({
      ...{ kind: 'synchronized', ...counts },
      ...{ since: '2026-01-01T11:59:59.123Z', until: '2026-01-01T12:00:00.123Z' },
    });
    expect(records.status('unauthorized', AT, 'refused')).toMatchObject({
      ...{ kind: 'status', status: 'unauthorized', error: 'refused' },
      ...{ since: '2026-01-01T12:00:00.123Z', receivedAt: '2026-01-01T12:00:00.123Z' },
    });
  });
});
