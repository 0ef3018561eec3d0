import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { birthMessage } from './birth-message.ts';
import type { InboundMessage, Sink, SinkConnection } from './sink.ts';

const said = (text: string, retain = false): InboundMessage => ({
  topic: 'homeassistant/status',
  payload: Buffer.from(text),
  retain,
});

/** A birth message over a sink whose connections tell of nothing by themselves. */
async function rig(random: () => number = () => 0.5) {
  const clock = fakeClock();
  const birth = birthMessage({ topic: 'homeassistant/status', clock, random });
  const connection = { publish: async () => [], broken: new Promise(() => {}), close: async () => {} };
  const sink = birth.attach({ name: 'broker', connect: async () => connection as unknown as SinkConnection } as Sink);
  const connected = await sink.connect(new AbortController().signal);
  const wanted: string[] = [];
  connected.onStatesWanted!((why) => wanted.push(why));
  return {
    clock,
    wanted,
    connected,
    say: (message: InboundMessage) => birth.subscription.onMessage(message, () => {}),
  };
}

describe('a birth message', () => {
  it('makes the states wanted, after a delay of its own', async () => {
    const { clock, wanted, say } = await rig(() => 0.5);
    say(said('online'));
    await clock.advance(2_499);
    expect(wanted).toEqual([]);
    await clock.advance(1);
    expect(wanted).toEqual(['homeassistant/status said online']);
    say(said('online'));
    await clock.advance(2_500);
    expect(wanted).toHaveLength(2);
  });

  it('counts once while the delay lasts', async () => {
    const { clock, wanted, say } = await rig();
    say(said('online'));
    say(said('online'));
    await clock.advance(10_000);
    expect(wanted).toHaveLength(1);
  });

  it.each([
    ['an offline', said('offline')],
    ['what was retained', said('online', true)],
    ['anything else', said('{"state":"online"}')],
  ])('is not %s', async (_, message) => {
    const { clock, wanted, say } = await rig();
    say(message);
    await clock.advance(10_000);
    expect(wanted).toEqual([]);
  });

  it('ends with the connection', async () => {
    const { clock, wanted, connected, say } = await rig();
    say(said('online'));
    await connected.close();
    await clock.advance(10_000);
    expect(wanted).toEqual([]);
  });
});
