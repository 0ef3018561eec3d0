import { Writable } from 'node:stream';
import { type IPublishPacket, parser } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { RetrySlowlyError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { type BrokerLimits, PublishWindow } from './publish-window.ts';
import type { Settled } from './sink.ts';

const LIMITS: BrokerLimits = {
  version: 5,
  qos: 1,
  retainAvailable: true,
  window: 5,
  maximumPacketSize: Number.POSITIVE_INFINITY,
};

/** A window on a stream that remembers what was sent; `slow` takes writes only when told. */
function setUp(limits: Partial<BrokerLimits> = {}, slow = false) {
  const sent: IPublishPacket[] = [];
  const taken: (() => void)[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('packet', (packet) => sent.push(packet as IPublishPacket));
  let writes = 0;
  const stream = new Writable({
    highWaterMark: slow ? 1 : 1_000_000,
    write(chunk, _encoding, done) {
      writes++;
      reader.parse(chunk);
      if (slow) taken.push(done);
      else done();
    },
  });
  const refusedForNow: [number, string][] = [];
  const window = new PublishWindow(stream, { ...LIMITS, ...limits }, (...refused) => refusedForNow.push(refused));
  return { window, sent, taken, refusedForNow, writes: () => writes };
}

function messages(from: number, count: number, payload = 'x'): OutboundMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    topic: `t/${from + i}`,
    payload,
    retain: false,
    contentType: 'text/plain',
    attributes: [],
  }));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const topics = (sent: readonly IPublishPacket[]) => sent.map(({ topic }) => Number(topic.slice(2)));

async function stateOf(promise: Promise<unknown>): Promise<string> {
  return Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    turn().then(() => 'pending'),
  ]);
}

describe('the publish window', () => {
  it('settles a call when every one of its messages is acknowledged, in whatever order', async () => {
    const { window, sent } = setUp();
    const done = window.publish(messages(0, 3));
    await turn();
    for (const at of [2, 0]) window.puback(sent[at]!.messageId!, 0);
    expect(await stateOf(done)).toBe('pending');
    window.puback(sent[1]!.messageId!, 0x10); // no subscribers: a success
    expect(await done).toEqual([]);
    expect(window).toMatchObject({ inFlight: 0, acknowledged: 3 });
  });

  it('never has more in flight than allowed, over overlapping calls, and keeps their order', async () => {
    const { window, sent } = setUp();
    const calls = [window.publish(messages(0, 7)), window.publish(messages(7, 1)), window.publish(messages(8, 30))];
    await turn();
    let acknowledged = 0;
    while (acknowledged < 38) {
      expect(sent.length - acknowledged).toBeLessThanOrEqual(5);
      expect(window.inFlight).toBe(sent.length - acknowledged);
      const unacknowledged = sent.slice(acknowledged).map(({ messageId }) => messageId);
      expect(new Set(unacknowledged).size).toBe(unacknowledged.length);
      window.puback(sent[acknowledged++]!.messageId!, 0);
      if (acknowledged % 3 === 0) window.sendMore();
    }
    expect(await Promise.all(calls)).toEqual([[], [], []]);
    expect(topics(sent)).toEqual(Array.from({ length: 38 }, (_, i) => i));
  });

  it('writes calls that follow each other at once, in one piece', async () => {
    const { window, writes } = setUp();
    void window.publish(messages(0, 2));
    void window.publish(messages(2, 2));
    await turn();
    expect(writes()).toBe(1);
  });
});

describe('the publish window, refused', () => {
  it('tells lasting refusals by index and settles the rest', async () => {
    const { window, sent } = setUp();
    const done = window.publish(messages(0, 5));
    await turn();
    for (const [at, reason] of [0x00, 0x90, 0x90, 0x99, 0x95].entries()) window.puback(sent[at]!.messageId!, reason);
    expect(await done).toEqual([
      { index: 1, reason: 'topic-name-invalid' },
      { index: 2, reason: 'topic-name-invalid' },
      { index: 3, reason: 'payload-format-invalid' },
      { index: 4, reason: 'packet-too-large' },
    ]);
  });

  it.each([0x80, 0x83, 0x87, 0x91, 0x97, 0xff])(
    'asks to give the connection up on reason 0x%s, leaving the message open',
    async (reason) => {
      const { window, sent, refusedForNow } = setUp();
      const done = window.publish(messages(0, 1));
      await turn();
      window.puback(sent[0]!.messageId!, reason);
      expect(refusedForNow).toEqual([[reason, 't/0']]);
      expect(await stateOf(done)).toBe('pending');
    },
  );

  it('refuses what is larger than the broker takes, without sending it', async () => {
    const { window, sent } = setUp({ maximumPacketSize: 100 });
    const done = window.publish([
      ...messages(0, 1, 'y'.repeat(200)),
      ...messages(1, 1),
      ...messages(2, 1, '門'.repeat(30)),
    ]);
    await turn();
    expect(topics(sent)).toEqual([1]);
    window.puback(sent[0]!.messageId!, 0);
    expect(await done).toEqual([
      { index: 0, reason: 'packet-too-large' },
      { index: 2, reason: 'packet-too-large' },
    ]);
  });

  it('takes a packet of exactly the size the broker takes', async () => {
    const [message] = messages(0, 1, 'y'.repeat(50));
    const { window, sent } = setUp({ maximumPacketSize: 2 + 2 + 3 + 2 + 1 + 2 + 3 + 10 + 50 });
    const { window: smaller } = setUp({ maximumPacketSize: 2 + 2 + 3 + 2 + 1 + 2 + 3 + 10 + 49 });
    void window.publish([message!]);
    expect(await smaller.publish([message!])).toEqual([{ index: 0, reason: 'packet-too-large' }]);
    await turn();
    expect(sent).toHaveLength(1);
  });

  it('refuses a text MQTT cannot carry', async () => {
    const { window } = setUp();
    expect(await window.publish([{ ...messages(0, 1)[0]!, topic: 'x'.repeat(65_536) }])).toEqual([
      { index: 0, reason: 'text-too-long' },
    ]);
  });
});

describe('the publish window, when it fails', () => {
  it('rejects every open call, and calls made later', async () => {
    const { window, sent } = setUp();
    const error = new RetrySlowlyError('gone', 'gone');
    const calls = [window.publish(messages(0, 4)), window.publish(messages(4, 9))];
    await turn();
    window.fail(error);
    for (const call of [...calls, window.publish(messages(13, 1))]) await expect(call).rejects.toBe(error);
    window.puback(sent[0]!.messageId!, 0);
    window.sendMore();
    await turn();
    expect(sent).toHaveLength(5);
  });

  it('tells what was settled without a hole', async () => {
    const { window, sent } = setUp({ maximumPacketSize: 100 });
    const told: Settled[] = [];
    const cutShort = (settled: Settled) => void told.push(settled);
    const first = [...messages(0, 1), ...messages(1, 1, 'y'.repeat(200)), ...messages(2, 1)];
    const calls = [
      window.publish(first, { cutShort }),
      window.publish(messages(3, 2), { cutShort }),
      window.publish(messages(5, 2), { cutShort }),
    ];
    await turn();
    expect(topics(sent)).toEqual([0, 2, 3, 4, 5]);
    for (const at of [0, 3]) window.puback(sent[at]!.messageId!, 0);
    window.fail(new RetrySlowlyError('gone', 'gone'));
    await Promise.allSettled(calls);
    expect(told).toEqual([
      { count: 2, refusals: [{ index: 1, reason: 'packet-too-large' }] },
      { count: 0, refusals: [] },
      { count: 0, refusals: [] },
    ]);
  });
});

describe('the publish window on its stream', () => {
  it('ignores acknowledgements of what was never sent, and second ones', async () => {
    const { window, sent } = setUp();
    const done = window.publish(messages(0, 2));
    await turn();
    for (const id of [0, 6, 65_535]) window.puback(id, 0);
    window.puback(sent[0]!.messageId!, 0);
    window.puback(sent[0]!.messageId!, 0);
    expect(await stateOf(done)).toBe('pending');
    expect(window.inFlight).toBe(1);
  });

  it('waits for the stream to take what it has before it hands it more', async () => {
    const { window, sent, taken } = setUp({ window: 100 }, true);
    void window.publish(messages(0, 2));
    await turn();
    void window.publish(messages(2, 2));
    await turn();
    expect(topics(sent)).toEqual([0, 1]);
    taken.shift()!();
    await turn();
    expect(topics(sent)).toEqual([0, 1, 2, 3]);
  });

  it('settles with QoS 0 when the system took the bytes', async () => {
    const { window, sent, taken } = setUp({ qos: 0, window: 2 }, true);
    const done = window.publish(messages(0, 3));
    await turn();
    expect(sent).toHaveLength(2);
    expect(await stateOf(done)).toBe('pending');
    taken.shift()!();
    await turn();
    expect(sent).toHaveLength(3);
    expect(await stateOf(done)).toBe('pending');
    taken.shift()!();
    expect(await done).toEqual([]);
  });

  it('carries packets larger than its buffers, between small ones', async () => {
    const { window, sent } = setUp({ window: 50 });
    void window.publish([
      ...messages(0, 3),
      ...messages(3, 1, 'z'.repeat(300_000)),
      ...messages(4, 40, 'w'.repeat(9_000)),
    ]);
    await turn();
    expect(topics(sent)).toEqual(Array.from({ length: 44 }, (_, i) => i));
    expect(sent[3]!.payload).toHaveLength(300_000);
  });

  it('settles an empty call at once', async () => {
    expect(await setUp().window.publish([])).toEqual([]);
  });
});
