import { describe, expect, it, vi } from 'vitest';
import { deviceAt, knowledge, QUICK } from '../../test/support/device-rig.ts';
import { fakeSink } from '../../test/support/fake-sink.ts';
import { memorySpool } from '../../test/support/memory-spool.ts';
import { observed } from '../../test/support/observed.ts';
import { simulated } from '../../test/support/watched-device.ts';
import { systemClock } from '../clock.ts';
import { FatalError } from '../errors.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { supervise } from './supervisor.ts';

const kinds: Mapping = {
  name: 'kinds',
  map: ({ record }) => [{ topic: record.kind, payload: '', retain: false, contentType: '', attributes: [] }],
};
const shared = () => ({ spool: memorySpool(), clock: systemClock, observer: observed() });

describe('supervisor', () => {
  it('stops the devices first, so that their last words are delivered', async (t) => {
    const { device } = await simulated(t);
    const { spool, ...others } = shared();
    const { sink, connections } = fakeSink();
    const topics: string[] = [];
    const supervisor = supervise(
      [{ device: deviceAt(device.address), filter: undefined, wishes: QUICK, ...knowledge, spool, ...others }],
      [{ sink, mapping: kinds, spool, ...others }],
      spool,
    );
    const answering = setInterval(() => {
      for (const portion of connections[0]?.published.splice(0) ?? []) {
        topics.push(...portion.topics);
        portion.resolve();
      }
    }, 5);
    t.onTestFinished(() => clearInterval(answering));
    await vi.waitFor(() => expect(topics).toContain('notification'), 5_000);
    expect([...supervisor.devices.keys(), ...supervisor.sinks.keys()]).toEqual(['front-door', 'broker']);
    await supervisor.stop(5_000);
    expect(topics).toHaveLength(spool.records.length);
    expect(spool.records.at(-1)).toMatchObject({ kind: 'status', status: 'stopped' });
    expect([device.subscriptions, connections[0]!.isClosed]).toEqual([0, true]);
  });

  it('fails with what no worker can mend', async () => {
    const { spool, ...others } = shared();
    const { sink } = fakeSink([new FatalError('sink-gone', 'no such thing')]);
    const supervisor = supervise([], [{ sink, mapping: kinds, spool, ...others }], spool);
    await expect(supervisor.failed).rejects.toMatchObject({ code: 'sink-gone' });
    await supervisor.stop(0);
  });
});
