import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import type { InboundMessage } from '../sink/sink.ts';
import { commandSubscription } from './command-subscription.ts';

function rig(perMinute = 60) {
  const clock = fakeClock();
  const handled: [verb: string, payload: string][] = [];
  const troubles: string[] = [];
  const replies: OutboundMessage[] = [];
  const subscription = commandSubscription({
    ...{ sink: 'broker', topic: 'onvif/bridge', perMinute, timeoutMs: 1_000, clock },
    requests: {
      async handle(verb, payload) {
        handled.push([verb, Buffer.from(payload).toString()]);
        return { data: 'done', status: 'ok' };
      },
    },
    onTrouble: (what, facts) => troubles.push(`${what} ${JSON.stringify(facts)}`),
  });
  const receive = async (verb: string, more: Partial<InboundMessage> = {}) => {
    const message = { topic: `onvif/bridge/request/${verb}`, payload: Buffer.from('{}'), retain: false, ...more };
    subscription.onMessage(message, (reply) => replies.push(reply));
    await new Promise(setImmediate);
  };
  return { subscription, receive, handled, troubles, replies, clock };
}

describe('requests by a broker', () => {
  it('are asked for below request/, and answered below response/', async () => {
    const { subscription, receive, handled, replies } = rig();
    expect(subscription.filter).toBe('onvif/bridge/request/+');
    await receive('devices');
    expect(handled).toEqual([['devices', '{}']]);
    expect(replies).toMatchObject([
      { topic: 'onvif/bridge/response/devices', payload: '{"data":"done","status":"ok"}', retain: false },
    ]);
  });

  it('are answered where they want it, with what they sent along', async () => {
    const { receive, replies } = rig();
    const correlationData = Buffer.from([0, 255]);
    await receive('devices', { responseTopic: 'me/answers', correlationData });
    expect(replies).toMatchObject([{ topic: 'me/answers', correlationData }]);
  });

  it.each(['onvif/bridge/request/devices', '$SYS/x', 'a/+/b', 'a/#', '', 'a\u0000b', 'x'.repeat(1_025)])(
    'are not carried out where the answer is wanted at %j',
    async (responseTopic) => {
      const { receive, handled, replies, troubles } = rig();
      await receive('devices', { responseTopic });
      expect([handled, replies]).toEqual([[], []]);
      expect(troubles).toEqual([
        'a request is ignored: its answer could go nowhere {"sink":"broker","verb":"devices"}',
      ]);
    },
  );

  it('are ignored where they are retained, and somebody is told how to clear them', async () => {
    const { receive, handled, replies, troubles } = rig();
    await receive('call', { retain: true });
    expect([handled, replies]).toEqual([[], []]);
    expect(troubles[0]).toMatch(
      /^a retained request is ignored: .*to clear it .*"topic":"onvif\/bridge\/request\/call"/,
    );
  });

  it('that come too fast are refused once, then dropped, then taken again', async () => {
    const { receive, handled, replies, troubles, clock } = rig(60);
    for (let n = 0; n < 30; n++) await receive('devices');
    expect(handled).toHaveLength(15);
    expect(replies).toHaveLength(16);
    expect(replies.at(-1)!.payload).toContain('sinks[].commands.perMinute of broker');
    expect(troubles).toHaveLength(1);
    await clock.advance(2_000);
    for (let n = 0; n < 5; n++) await receive('devices');
    expect(handled).toHaveLength(17);
  });
});
