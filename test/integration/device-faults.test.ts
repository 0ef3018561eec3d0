import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { deviceAt, startWorker } from '../support/device-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { type DeviceReply, type DeviceRequest, faultEnvelope } from '../support/scripted-device.ts';
import { type Deviation, subscribingDevice } from '../support/subscribing-device.ts';
import { gapsOf, statusesOf } from '../support/watched-device.ts';

vi.setConfig({ testTimeout: 30_000, maxConcurrency: 40 });

const FILTER: SubscriptionFilter = {
  topics: ['tns1:Device//.'],
  content: 'boolean(//tt:SimpleItem[@Name="Door" and @Value="1"])',
  namespaces: { tns1: 'http://www.onvif.org/ver10/topics' },
};
/** As Core 9.9 has all event faults. */
const event = (detail: string): DeviceReply => ({ status: 500, body: faultEnvelope(['SOAP-ENV:Receiver'], detail) });
const coded = (status: number, ...codes: string[]): DeviceReply => ({ status, body: faultEnvelope(codes) });
const wsnt = (name: string, inside = '') => event(`<wsnt:${name}>${inside}</wsnt:${name}>`);
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

async function met(t: TestContext, deviation: Deviation, filter?: SubscriptionFilter, lifetimeMs?: number) {
  const device = await subscribingDevice(t, deviation, lifetimeMs);
  const spool = memorySpool();
  const started = startWorker(deviceAt(`${device.scripted.origin}/onvif/device_service`), spool, {
    ...(filter && { filter }),
  });
  t.onTestFinished(() => started.worker.stop());
  return { ...device, ...started, spool };
}
const once =
  (operation: string, reply: DeviceReply | 'hang-up' | (() => DeviceReply)): Deviation =>
  (request, number) => {
    if (request.operation !== operation || number !== 1) return undefined;
    return typeof reply === 'function' ? reply() : reply;
  };
const within = (ms: number, check: () => void) => vi.waitFor(check, { timeout: ms, interval: 10 });
const CREATE = 'CreatePullPointSubscription';
const hasContent = ({ body }: DeviceRequest) => body.includes('MessageContent');
const hasTopics = ({ body }: DeviceRequest) => body.includes('TopicExpression ');

describe.concurrent('a subscription refused by', () => {
  for (const name of ['SubscribeCreationFailedFault', 'UnableToCreatePullPointFault']) {
    it(`${name}: is asked for again after a pause`, async (t) => {
      const { asked, spool } = await met(t, once(CREATE, wsnt(name)));
      await within(5_000, () => expect(asked(CREATE)).toHaveLength(1));
      await delay(6_000);
      expect(asked(CREATE)).toHaveLength(1);
      expect(statusesOf(spool.records)).toEqual(['offline']);
    });
  }

  it('UnacceptableInitialTerminationTimeFault: is asked for within the range, at once', async (t) => {
    const range = () =>
      wsnt(
        'UnacceptableInitialTerminationTimeFault',
        `<wsnt:MinimumTime>${at(1_000)}</wsnt:MinimumTime><wsnt:MaximumTime>${at(6_000)}</wsnt:MaximumTime>`,
      );
    const { asked } = await met(t, once(CREATE, range));
    await within(3_000, () => expect(asked(CREATE)).toHaveLength(2));
    expect(asked(CREATE).map(({ body }) => /PT(\d+)S/.exec(body)?.[1])).toEqual([
      '10',
      // 5 s as the device counts; it tells its own time in whole seconds only.
      expect.stringMatching(/^[3-6]$/),
    ]);
  });

  for (const name of [
    'InvalidFilterFault',
    'TopicExpressionDialectUnknownFault',
    'InvalidTopicExpressionFault',
    'TopicNotSupportedFault',
    'InvalidMessageContentExpressionFault',
  ]) {
    it(`${name}: goes on without the filter, piece by piece, at once`, async (t) => {
      const refusing: Deviation = (request) =>
        request.operation === CREATE && (hasContent(request) || hasTopics(request)) ? wsnt(name) : undefined;
      const { asked } = await met(t, refusing, FILTER);
      await within(3_000, () => expect(asked('PullMessages').length).toBeGreaterThan(0));
      expect(asked(CREATE).map((request) => [hasTopics(request), hasContent(request)])).toEqual([
        [true, true],
        [true, false],
        [false, false],
      ]);
    });
  }

  for (const name of [
    'InvalidProducerPropertiesExpressionFault',
    'UnrecognizedPolicyRequestFault',
    'UnsupportedPolicyRequestFault',
  ]) {
    it(`${name}: which is about what we never send, is asked for again`, async (t) => {
      const { asked } = await met(t, once(CREATE, wsnt(name)));
      await within(6_000, () => expect(asked(CREATE)).toHaveLength(2));
    });
  }

  const leftAlone: Readonly<Record<string, DeviceReply>> = {
    'HTTP 503': { status: 503 },
    OutofMemory: coded(500, 'SOAP-ENV:Receiver', 'ter:OutofMemory'),
    'not authorized': coded(400, 'SOAP-ENV:Sender', 'ter:NotAuthorized'),
  };
  for (const [what, reply] of Object.entries(leftAlone)) {
    it(`${what}: is not asked for again for a good while`, async (t) => {
      const { asked } = await met(t, ({ operation }) => (operation === CREATE ? reply : undefined));
      await within(5_000, () => expect(asked(CREATE)).toHaveLength(1));
      await delay(6_000);
      expect(asked(CREATE)).toHaveLength(1);
    });
  }
});

/** standard.md 5.18: field variants of a subscription that is gone, and the typed fault. */
const GONE: Readonly<Record<string, DeviceReply | 'hang-up'>> = {
  ResourceUnknownFault: event('<r:ResourceUnknownFault xmlns:r="http://docs.oasis-open.org/wsrf/r-2"/>'),
  'subcode ter:ResourceUnknownFault': coded(500, 'SOAP-ENV:Sender', 'ter:ResourceUnknownFault'),
  'subcode ter:InvalidArgs': coded(400, 'SOAP-ENV:Sender', 'ter:InvalidArgs'),
  'subcode ter:InvalidArgVal': coded(400, 'SOAP-ENV:Sender', 'ter:InvalidArgVal'),
  'subcode wsrf-rw:ResourceUnknownFault, undeclared': coded(500, 'SOAP-ENV:Sender', 'wsrf-rw:ResourceUnknownFault'),
  'text in Reason alone': {
    status: 500,
    body: faultEnvelope(['SOAP-ENV:Receiver']).replace('told', 'Resource unknown: no such subscription'),
  },
  'HTTP 400': { status: 400 },
  'HTTP 404': { status: 404, body: '<html>not here</html>' },
  'HTTP 410': { status: 410 },
  'HTTP 500 without a body': { status: 500 },
  'a connection reset at once': 'hang-up',
};

describe.concurrent('a subscription that is gone, told by', () => {
  for (const [what, reply] of Object.entries(GONE)) {
    it(`${what}: is made anew, with a gap`, async (t) => {
      // The first two pulls work, then the first subscription is not known any more.
      const { asked, spool } = await met(t, ({ operation, path }, number) =>
        path === '/s1' && (operation === 'PullMessages' ? number > 2 : operation !== 'Unsubscribe') ? reply : undefined,
      );
      await within(12_000, () => expect(asked(CREATE)).toHaveLength(2));
      await within(5_000, () => expect(asked('PullMessages').some(({ path }) => path === '/s2')).toBe(true));
      await within(5_000, () => expect(gapsOf(spool.records)).toContain('outage'));
      expect(asked(CREATE)).toHaveLength(2);
    });
  }
});

describe.concurrent('a pull refused by', () => {
  const pullFault = (reply: DeviceReply): Deviation => {
    let done = false;
    return ({ operation }, number) => {
      if (operation !== 'PullMessages' || number < 3 || done) return undefined;
      done = true;
      return reply;
    };
  };

  it('UnableToGetMessagesFault: is repeated on the same subscription', async (t) => {
    const { asked } = await met(t, pullFault(wsnt('UnableToGetMessagesFault')));
    await within(6_000, () => expect(asked('PullMessages').length).toBeGreaterThan(3));
    expect(asked(CREATE)).toHaveLength(1);
  });

  it('PullMessagesFaultResponse: is repeated within the limits', async (t) => {
    const limits = event(
      '<tev:PullMessagesFaultResponse><tev:MaxTimeout>PT1S</tev:MaxTimeout><tev:MaxMessageLimit>7</tev:MaxMessageLimit></tev:PullMessagesFaultResponse>',
    );
    const { asked } = await met(t, pullFault(limits));
    await within(6_000, () => expect(asked('PullMessages').length).toBeGreaterThan(3));
    expect(asked('PullMessages')[3]!.body).toContain('<tev:MessageLimit>7<');
    expect(asked(CREATE)).toHaveLength(1);
  });

  it('HTTP 503: leaves the device alone, and takes the subscription up again', async (t) => {
    const { asked, spool } = await met(t, pullFault({ status: 503 }));
    await within(6_000, () => expect(statusesOf(spool.records)).toContain('offline'));
    const before = asked('PullMessages').length;
    await delay(6_000);
    expect(asked('PullMessages')).toHaveLength(before);
    expect(asked(CREATE)).toHaveLength(1);
  });
});

describe.concurrent('an Unsubscribe refused by', () => {
  for (const name of ['UnableToDestroySubscriptionFault', 'ResourceUnknownFault']) {
    it(`${name}: is sent once, and the worker ends`, async (t) => {
      const { asked, worker } = await met(t, ({ operation }) => (operation === 'Unsubscribe' ? wsnt(name) : undefined));
      await within(5_000, () => expect(asked('PullMessages').length).toBeGreaterThan(1));
      await worker.stop();
      expect(asked('Unsubscribe')).toHaveLength(1);
    });
  }
});

describe.concurrent('a step of connecting that always ends in a closed connection', () => {
  for (const step of ['GetSystemDateAndTime', 'GetServices', 'GetDeviceInformation', 'GetEventProperties']) {
    it(`${step}: the device is read without it after a few tries, and told so`, async (t) => {
      const { asked, observer } = await met(t, ({ operation }) => (operation === step ? 'hang-up' : undefined));
      await within(20_000, () => expect(asked('PullMessages').length).toBeGreaterThan(1));
      expect(asked(step)).toHaveLength(3);
      expect(observer.lines).toContain(`learned unanswered ${step}`);
    });
  }
});
