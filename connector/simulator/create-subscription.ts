import { deliveredOf } from './delivered-messages.ts';
import { describedTopics } from './described-topics.ts';
import type { Exchange } from './exchange.ts';
import type { Flow } from './flow.ts';
import { NS } from './namespaces.ts';
import { type Consumer, notifyText, postNotify, readConsumer } from './notify-request.ts';
import type { DeviceState } from './simulated-device.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import type { SoapAnswer } from './soap-answer.ts';
import { HttpRefusal, receiverFault, SoapFault, senderFault } from './soap-fault.ts';
import { childNamed, isNil, type RequestElement } from './soap-request.ts';
import { subscriptionAddress, subscriptionReference } from './subscription-address.ts';
import { subscriptionFilter } from './subscription-filter.ts';
import type { NotifyPost, OpenSubscription } from './subscriptions.ts';
import { terminationText } from './termination-text.ts';
import { grantedLifetime } from './termination-time.ts';
import { levelsOf } from './topic-table.ts';
import { writeSeconds } from './wire-time.ts';

/** Core 9.1.1 CreatePullPointSubscription. */
export function createPullPointSubscription(exchange: Exchange): SoapAnswer {
  const { device, request, base } = exchange;
  const { quirks, limits } = device.options;
  if (quirks.has('push-only')) throw receiverFault('ActionNotSupported', 'No pull points');
  const accepts = acceptsOf(exchange, request.operation, NS.tev);
  const lifetimeMs = lifetimeOf(exchange, NS.tev);
  admit(device, 'pull-point', limits.maxPullPoints);
  const opened = device.subscribed.openPullPoint({
    ...{ lifetimeMs, accepts, takesLoad: device.load !== null && accepts(device.load.sample) },
    addressOf: (id) => subscriptionAddress(device, base, id, 'pull-point'),
  });
  begin(device, opened);
  const answer = answerOf(device, opened, 'tev', 'CreatePullPointSubscriptionResponse');
  return { ...answer, action: `${NS.tev}/EventPortType/CreatePullPointSubscriptionResponse` };
}

/** Core 9.3 Subscribe. */
export async function subscribe(exchange: Exchange): Promise<SoapAnswer> {
  const { device, request, base } = exchange;
  const { limits, quirks, clock } = device.options;
  if (limits.maxNotificationProducers === 0) throw receiverFault('ActionNotSupported', 'No base notification');
  const consumer = readConsumer(childNamed(request.operation, NS.wsnt, 'ConsumerReference'));
  if (!consumer) throw senderFault('InvalidArgVal', 'ConsumerReference has no address that can be posted to');
  const longest = quirks.value('consumer-url-max');
  if (longest !== null && consumer.address.length > longest) {
    device.reboot();
    throw new HttpRefusal(500, 'Crashed on a long consumer URL');
  }
  const accepts = acceptsOf(exchange, request.operation, NS.wsnt);
  const lifetimeMs = lifetimeOf(exchange, NS.wsnt);
  admit(device, 'base-notification', limits.maxNotificationProducers);
  const opened = device.subscribed.openNotification({
    ...{ lifetimeMs, accepts },
    addressOf: (id) => subscriptionAddress(device, base, id, 'base-notification'),
    policy: {
      ...device.options.notify,
      copies: quirks.value('duplicate-notify') ?? 1,
      reordered: quirks.has('reordered-notify'),
    },
    postOf: (facts) => notifyPost(device, consumer, facts),
  });
  begin(device, opened);
  const channel = opened.notifications!;
  const answer = answerOf(device, opened, 'wsnt', 'SubscribeResponse');
  if (quirks.has('notify-before-response')) await channel.startAndWait();
  // The answer may never get through; what is subscribed is notified all the same.
  clock.after(START_ANYWAY_MS, channel.start);
  return { ...answer, action: `${NS.wsntw}/NotificationProducer/SubscribeResponse`, after: channel.start };
}

const START_ANYWAY_MS = 500;

function notifyPost(
  device: DeviceState,
  consumer: Consumer,
  opened: Pick<OpenSubscription, 'id' | 'address'>,
): NotifyPost {
  const { quirks, notify } = device.options;
  const reference = quirks.has('notify-without-subscription-reference') ? null : subscriptionReference(device, opened);
  return async (events, signal) => {
    const port = Number(new URL(consumer.address).port);
    const finished = device.ledger.answered(deliveredOf(opened.id, 'base-notification', events), 0, port);
    try {
      if (device.line.cut) throw new Error('The line is cut');
      const status = await postNotify(
        consumer.address,
        notifyText(consumer, reference, events, device.style),
        notify.timeoutMs,
        signal,
      );
      finished(status >= 200 && status < 300);
      return status >= 200 && status < 300;
    } catch {
      finished(false);
      return false;
    }
  };
}

/** Whether there is room. Throws SubscribeCreationFailedFault, or what a device in trouble says. */
function admit(device: DeviceState, flow: Flow, most: number): void {
  device.statistics.create();
  const fast = device.options.quirks.value('freezes-on-rapid-creates');
  if (fast !== null && device.statistics.createsWithin(10_000) > fast) device.line.silence(30_000);
  if (device.line.refusing) {
    device.statistics.refusedCreate();
    // Dahua out of threads: Reason empty, cured by time or a reboot.
    const blocked = 'ter:BlockedThreadUpperLimit';
    throw new SoapFault({ code: 'Sender', subcodes: [blocked, blocked], reason: '', status: 400 });
  }
  if (device.subscribed.count(flow) < most) return;
  device.statistics.refusedCreate();
  throw device.faults.subscribeCreationFailed(most);
}

/** Core 9.4.2: at subscription start all existing properties come first. */
function begin(device: DeviceState, { channel }: OpenSubscription): void {
  const { quirks } = device.options;
  if (!quirks.has('no-initialized') && !quirks.has('never-initialized')) channel.offer(device.propertyStates());
}

function lifetimeOf({ device, request }: Exchange, uri: string): number {
  const time = childNamed(request.operation, uri, 'InitialTerminationTime');
  if (!time && device.options.quirks.has('initial-time-mandatory'))
    throw new HttpRefusal(500, 'InitialTerminationTime is missing');
  const text = time && !isNil(time) ? time.text.trim() : null;
  return grantedLifetime(device, text, device.faults.unacceptableInitialTime);
}

function answerOf(device: DeviceState, opened: OpenSubscription, prefix: 'tev' | 'wsnt', name: string): SoapAnswer {
  const { quirks } = device.options;
  const now = quirks.has('empty-address') ? 0 : device.now();
  const termination = quirks.has('empty-address') ? 0 : now + opened.channel.remaining();
  return {
    ...{ status: 200, action: null },
    body:
      `<${prefix}:${name}><${prefix}:SubscriptionReference>${subscriptionReference(device, opened)}</${prefix}:SubscriptionReference>` +
      `<wsnt:CurrentTime>${writeSeconds(now)}</wsnt:CurrentTime>${terminationText(device, 'wsnt', termination)}</${prefix}:${name}>`,
  };
}

/** Filter and policy of the subscription as one test. `uri`: Filter and SubscriptionPolicy are tev or wsnt elements. */
function acceptsOf(exchange: Exchange, asked: RequestElement, uri: string): (event: SimulatedEvent) => boolean {
  const { device } = exchange;
  const filter = subscriptionFilter(childNamed(asked, uri, 'Filter'), {
    faults: device.faults,
    topics: levelsOf(describedTopics(device.options)),
    everyBranchMustMatch: device.options.quirks.has('unsupported-branch-faults'),
    violation: exchange.violation,
  });
  let changedOnly = false;
  for (const policy of childNamed(asked, uri, 'SubscriptionPolicy')?.children ?? []) {
    // WS-BaseNotification 1.3, 4.2: notifications without the Notify around them are known, but not made here.
    if (policy.uri === NS.wsnt && policy.local === 'UseRaw') throw device.faults.unsupportedPolicy(NS.wsnt, 'UseRaw');
    // Core 9.1.1: tev:ChangedOnly keeps Initialized and Deleted away.
    if (policy.uri !== NS.tev || policy.local !== 'ChangedOnly') {
      throw device.faults.unrecognizedPolicy(policy.uri, policy.local);
    }
    changedOnly = true;
  }
  if (!changedOnly) return filter;
  return (event) => (event.operation === null || event.operation === 'Changed') && filter(event);
}
