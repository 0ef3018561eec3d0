import { afterEach, describe, expect, it } from 'vitest';
import { messagesOf, plainCall, pullBody, serviceUrls, subscribe } from '../../test/support/plain-client.ts';
import { deviceLoad, type LoadOptions } from './load.ts';
import { quirksFrom } from './quirks.ts';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

/** A subscription under load that has heard the Initialized messages already. */
async function loaded(load: LoadOptions, filter = '') {
  simulator = await startSimulator({ load });
  const device = simulator.devices[0]!;
  const address = await subscribe(device.address, filter);
  await plainCall(address, pullBody('PT0S', 1));
  for (let left = 1; left > 0; ) {
    const { text } = await plainCall(address, pullBody('PT0S', 1));
    left = messagesOf(text)[0]?.operation === 'Initialized' ? 1 : 0;
  }
  return { device, address };
}

const tokens = (text: string) => messagesOf(text).map(({ items }) => items.CredentialToken ?? '');

describe('load', () => {
  it('answers every pull at once with a batch of fresh numbers, then blocks as ever', async () => {
    const { device, address } = await loaded({ batch: 3, total: 7, kind: 'access' });
    // `loaded` itself took the first event.
    expect(tokens((await plainCall(address, pullBody())).text)).toEqual(['E0000002', 'E0000003', 'E0000004']);
    expect(tokens((await plainCall(address, pullBody('PT5S', 2))).text)).toEqual(['E0000005', 'E0000006']);
    expect(tokens((await plainCall(address, pullBody())).text)).toEqual(['E0000007']);
    expect(tokens((await plainCall(address, pullBody('PT0S'))).text)).toEqual([]);
    expect(device.ledger.answers.slice(-3).map(({ events }) => events)).toEqual([[[2, 4]], [[5, 6]], [[7, 7]]]);
    expect(device.ledger.produced).toBe(7);
  });

  it('is of a realistic size and looks as an ordinary event does', async () => {
    const { address } = await loaded({ batch: 10, kind: 'access' });
    const { text } = await plainCall(address, pullBody());
    const one = /<wsnt:NotificationMessage>.*?<\/wsnt:NotificationMessage>/s.exec(text)?.[0] ?? '';
    expect(one.length).toBeGreaterThan(600);
    expect(one.length).toBeLessThan(900);
    expect(text.match(/xmlns:/g)?.length).toBe(19);
    expect(messagesOf(text)[0]).toMatchObject({
      topic: 'tns1:AccessControl/AccessGranted/Credential',
      items: { External: 'false' },
    });
  });

  it('passes by subscriptions whose filter does not want it', async () => {
    const filter =
      '<tev:Filter><wsnt:TopicExpression xmlns:tns1="http://www.onvif.org/ver10/topics" Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:Door//.</wsnt:TopicExpression></tev:Filter>';
    const { address } = await loaded({ batch: 3, kind: 'access' }, filter);
    expect(messagesOf((await plainCall(address, pullBody('PT0S'))).text)).toEqual([]);
  });

  it('with an interval gives one batch each, with the time it was sent', async () => {
    const { address } = await loaded({ batch: 2, kind: 'motion', intervalMs: 60 });
    const sent: number[] = [];
    for (let pull = 0; pull < 4; pull++) {
      const messages = messagesOf((await plainCall(address, pullBody())).text);
      expect(messages).toHaveLength(2);
      sent.push(Number(messages[0]?.items.SentAt));
    }
    expect(Math.abs((sent.at(-1) ?? 0) - Date.now())).toBeLessThan(5_000);
    const waits = sent.slice(1).map((time, index) => time - (sent[index] ?? 0));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(120);
  });
});

describe('load data', () => {
  it('describes its topic in the TopicSet', async () => {
    const { device } = await loaded({ batch: 2, kind: 'access', intervalMs: 1 });
    const { text } = await plainCall(serviceUrls(device.address).events, '<tev:GetEventProperties/>');
    expect(text).toContain('Name="SentAt" Type="xsd:double"');
  });

  it('makes room for more digits when the numbers grow', () => {
    const style = { producer: 'urn:x', quirks: quirksFrom([]) };
    const load = deviceLoad({ batch: 3, kind: 'access' }, style, () => 0);
    let next = 9_999_998;
    const take = (count: number) => {
      const first = next;
      next += count;
      return first;
    };
    expect(tokens(load.next(3, '2026-01-01T00:00:00.000Z', take).text.toString())).toEqual([
      'E09999998',
      'E09999999',
      'E10000000',
    ]);
    expect(load.next(1, '2026-01-01T00:00:00.000Z', take).text.toString()).toContain(
      'UtcTime="2026-01-01T00:00:00.000Z"',
    );
  });

  it('refuses a batch that is none', async () => {
    await expect(startSimulator({ load: { batch: 0, kind: 'access' } })).rejects.toThrow('whole number from 1');
  });
});
