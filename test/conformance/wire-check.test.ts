import { beforeAll, describe, expect, it } from 'vitest';
import type { AuthenticationMode } from '../../connector/device/authenticator.ts';
import * as deviceOperations from '../../connector/device/device-operations.ts';
import { connectDevice } from '../../connector/device/device-session.ts';
import { NS } from '../../connector/device/namespaces.ts';
import { type SimulatorOptions, startSimulator } from '../../connector/simulator/simulator.ts';
import { createBasicNotification } from '../../connector/subscription/basic-notification.ts';
import { createPullPoint } from '../../connector/subscription/create-pull-point.ts';
import { newHabits } from '../../connector/subscription/device-habits.ts';
import { PullPoint } from '../../connector/subscription/pull-point.ts';
import * as subscriptionOperations from '../../connector/subscription/subscription-operations.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type RecordedExchange, recordingProxy } from '../support/recording-proxy.ts';
import { wireCheckTool } from '../support/shared-folder.ts';
import { wireFaults } from '../support/wire-faults.ts';

const tool = wireCheckTool();

interface Conversation {
  readonly name: string;
  readonly simulator: SimulatorOptions;
  readonly authentication?: AuthenticationMode;
  readonly filter?: subscriptionOperations.SubscriptionFilter;
  /** The device sends by itself (Core 9.3). */
  readonly sent?: true;
}

const LOGIN = { username: 'ada', password: 'secret' };
const NAMESPACES = { tns1: NS.tns1, acme: 'http://www.example.com/2026/simulator/topics' };
const CONTENT =
  'boolean(//tt:SimpleItem[@Name="DoorToken" and @Value="Door <1>"]) or boolean(//tt:ElementItem[@Name="a"])';

const CONVERSATIONS: readonly Conversation[] = [
  { name: 'plain', simulator: { presets: ['access-controller'] } },
  { name: 'stored events', simulator: { presets: ['access-controller'], persistentStorage: true } },
  {
    name: 'digest, topics and content with a vendor prefix',
    simulator: { ...LOGIN, auth: 'digest' },
    filter: { topics: ['tns1:Device/acme:Cabinet//.', 'tns1:Door//.'], content: CONTENT, namespaces: NAMESPACES },
  },
  {
    name: 'username token, reference parameters, absolute times',
    simulator: { ...LOGIN, auth: 'username-token', quirks: ['id-in-reference-parameters', 'relative-times-rejected'] },
    filter: { topics: ['tns1:Device//.'], content: undefined, namespaces: { tns1: NS.tns1 } },
  },
  {
    name: 'username token from the start, no addresses, GetCapabilities',
    simulator: {
      ...LOGIN,
      auth: 'username-token',
      presets: ['camera'],
      quirks: ['empty-address', 'get-services-unsupported'],
    },
    authentication: 'username-token',
    filter: { topics: [], content: CONTENT, namespaces: {} },
  },
  { name: 'basic notification', simulator: {}, sent: true },
  {
    name: 'basic notification, topics and content, reference parameters, absolute times',
    simulator: { quirks: ['id-in-reference-parameters', 'relative-times-rejected'] },
    filter: { topics: ['tns1:Device/acme:Cabinet//.', 'tns1:Door//.'], content: CONTENT, namespaces: NAMESPACES },
    sent: true,
  },
  {
    name: 'faults',
    simulator: { quirks: ['sync-point-faults', 'renew-unsupported', 'max-timeout=1'] },
    filter: { topics: ['tns1:NoSuch//.'], content: undefined, namespaces: { tns1: NS.tns1 } },
  },
];

/** Every operation the connector has, once at least, against a simulated device; what both sides said. */
async function converse({
  simulator: options,
  authentication = 'auto',
  filter,
  sent,
}: Conversation): Promise<readonly RecordedExchange[]> {
  const simulator = await startSimulator(options);
  const address = new URL(simulator.devices[0]!.address);
  const proxy = await recordingProxy(Number(address.port));
  const clock = fakeClock(Date.now());
  const { signal } = new AbortController();
  const credentials = { username: LOGIN.username, password: { reveal: () => LOGIN.password } };
  const to = { id: 'wire', address: `http://${proxy.host}${address.pathname}`, credentials, authentication };
  const session = await connectDevice({ ...to, requestTimeoutMs: 3_600_000 }, clock, signal);
  try {
    const habits = newHabits({ pullTimeoutMs: 1_000, messageLimit: 100, lifetimeMs: 60_000 });
    const renewRefused: Error[] = [];
    const onTrouble = (_: string, error: Error) => renewRefused.push(error);
    const subscriptionOptions = { session, clock, habits, signal, onTrouble };
    const point = sent
      ? await createBasicNotification('http://127.0.0.1:9/AbCdEfGhIjKlMnOp', filter, subscriptionOptions)
      : await createPullPoint(filter, subscriptionOptions);
    const pull = async () => (point instanceof PullPoint ? point.pull(1_000, 100, signal).catch(() => {}) : undefined);
    await pull();
    // Half of the lease is over: the connector renews by itself.
    clock.advance(40_000);
    await proxy.answered('Renew');
    await point.synchronize(signal).catch(() => {});
    await pull();
    if (point instanceof PullPoint) await point.seek(Date.now() - 60_000, signal).catch(() => {});
    await pull();
    await point.unsubscribe(signal);
    // At a subscription that is gone: the fault is checked too.
    await pull();
    return proxy.exchanges;
  } finally {
    await session.close();
    await Promise.all([proxy.close(), simulator.close()]);
  }
}

describe.skipIf(tool === null)('what goes over the wire, held against WSDL and XSD', () => {
  const said = new Map<string, readonly RecordedExchange[]>();

  beforeAll(async () => {
    const exchanges = await Promise.all(CONVERSATIONS.map(converse));
    for (const [at, { name }] of CONVERSATIONS.entries()) said.set(name, exchanges[at]!);
  });

  const all = (part: 'request' | 'response') =>
    new Map(
      [...said].flatMap(([name, exchanges]) =>
        exchanges
          .map(
            (exchange, at) =>
              [`${name}-${at}-${exchange.operation}-${part}-${exchange.status}`, exchange[part]] as const,
          )
          .filter(([, text]) => text.startsWith('<')),
      ),
    );

  it('every request of the connector holds', async () => {
    expect(await wireFaults(tool!, all('request'))).toEqual([]);
  });

  it('every answer of the simulator holds, faults too', async () => {
    expect(await wireFaults(tool!, all('response'))).toEqual([]);
  });

  it('a request with its elements in the wrong order would not', async () => {
    const pull = said.get('plain')!.find(({ operation }) => operation === 'PullMessages')!.request;
    const turned = pull.replace(/(<tev:Timeout>.*<\/tev:Timeout>)(<tev:MessageLimit>.*<\/tev:MessageLimit>)/, '$2$1');
    expect(turned).not.toBe(pull);
    expect(await wireFaults(tool!, new Map([['turned', turned]]))).toHaveLength(1);
    const renamed = pull.replace('PullMessagesRequest</wsa:Action>', 'PullMessages</wsa:Action>');
    expect(await wireFaults(tool!, new Map([['renamed', renamed]]))).toEqual([expect.stringContaining('wsa:Action')]);
  });

  it('all operations and forms of them were there', () => {
    const requests = [...said.values()].flat();
    // Functions and constants are named alike: pullMessages makes PullMessages.
    const operations = [...Object.values(deviceOperations), ...Object.values(subscriptionOperations)];
    const named = operations.map(({ name }) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(new Set(requests.map(({ operation }) => operation))).toEqual(new Set(named));
    const texts = requests.map(({ request }) => request);
    for (const form of [
      /<wsnt:TopicExpression[^>]*xmlns:acme=/,
      /<tev:CreatePullPointSubscription><tev:InitialTerminationTime>PT60S</,
      /<wsnt:MessageContent/,
      /<tev:Filter><wsnt:MessageContent/,
      /<wsnt:Subscribe><wsnt:ConsumerReference><wsa:Address>http:[^<]*<\/wsa:Address><\/wsnt:ConsumerReference><wsnt:InitialTerminationTime>PT60S</,
      /<wsnt:Filter><wsnt:TopicExpression/,
      /IsReferenceParameter="true"/,
      /<wsse:UsernameToken>/,
      /<tev:InitialTerminationTime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ</,
      /<wsnt:TerminationTime>\d{4}-\d\d-\d\dT/,
      /<wsnt:TerminationTime>PT60S</,
    ])
      expect(
        texts.filter((text) => form.test(text)),
        String(form),
      ).not.toEqual([]);
    const statuses = new Set(requests.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 400, 401, 500]));
  });
});
