import { addressedPullPoint, argument } from './event-service.ts';
import type { Exchange, Operation, OperationTable } from './exchange.ts';
import { rangesOf } from './ledger.ts';
import { NS } from './namespaces.ts';
import { notificationsText } from './notification-text.ts';
import type { OpenPullPoint } from './pull-points.ts';
import type { DeviceState } from './simulated-device.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import type { SoapAnswer } from './soap-answer.ts';
import { HttpRefusal, receiverFault, senderFault } from './soap-fault.ts';
import { childNamed, isNil } from './soap-request.ts';
import { grantedLifetime } from './termination-time.ts';
import { readDuration, writeMilliseconds, writeSeconds } from './wire-time.ts';

const PULL_POINT = `${NS.tev}/PullPointSubscription`;
const MANAGER = `${NS.wsntw}/SubscriptionManager`;

type Handler = (exchange: Exchange, opened: OpenPullPoint) => SoapAnswer | Promise<SoapAnswer>;

function operation(uri: string, port: string, name: string, handler: Handler): [string, Operation] {
  const handle = (exchange: Exchange) => handler(exchange, addressed(exchange));
  const action = `${port}/${name}Request`;
  return [`{${uri}}${name}`, { action, preAuth: false, addressed: true, atSubscription: true, handle }];
}

/** Core 9.1.2-9.1.5, 9.5: the operations at a subscription's endpoint. */
export const SUBSCRIPTION_MANAGER: OperationTable = new Map([
  operation(NS.tev, PULL_POINT, 'PullMessages', pullMessages),
  operation(NS.tev, PULL_POINT, 'SetSynchronizationPoint', setSynchronizationPoint),
  operation(NS.tev, PULL_POINT, 'Seek', () => {
    // Core 9.1.5: only with PersistentNotificationStorage, which these devices do not have.
    throw receiverFault('ActionNotSupported', 'No persistent notification storage');
  }),
  operation(NS.wsnt, MANAGER, 'Renew', renew),
  operation(NS.wsnt, MANAGER, 'Unsubscribe', unsubscribe),
]);

/** Core 9.9 ResourceUnknownFault, in one of the shapes devices give it. */
function addressed(exchange: Exchange): OpenPullPoint {
  const opened = addressedPullPoint(exchange);
  if (opened) return opened;
  const { quirks } = exchange.device.options;
  if (quirks.has('unknown-as-400') || quirks.has('id-in-reference-parameters')) {
    throw senderFault('InvalidArgs', 'No such subscription');
  }
  if (quirks.has('unknown-as-404')) throw new HttpRefusal(404, 'No such subscription');
  if (quirks.has('unknown-as-500')) throw new HttpRefusal(500, 'No such subscription');
  throw exchange.device.faults.resourceUnknown();
}

/** Core 9.1.2 PullMessages: a long poll that keeps the subscription alive. */
async function pullMessages(exchange: Exchange, opened: OpenPullPoint): Promise<SoapAnswer> {
  const { device } = exchange;
  const { quirks } = device.options;
  const { timeoutMs, limit } = pullArguments(exchange);
  const keepAlive = () => {
    if (!quirks.has('renew-only')) opened.point.extend(timeoutMs);
  };
  keepAlive();
  const patience = quirks.has('early-empty') ? 0 : timeoutMs;
  const load = opened.takesLoad ? device.load : null;
  const dueIn = load && load.left > 0 ? load.dueIn() : Number.POSITIVE_INFINITY;
  if (opened.point.blocked) {
    exchange.violation('concurrent-pull', 'PullMessages while another one blocks on the subscription');
  }
  const events = await opened.point.pull(Math.min(dueIn, patience), Math.min(limit, maxMessages(device)));
  keepAlive();
  if (events.length === 0 && load && load.left > 0 && dueIn <= patience) return loadAnswer(device, opened, limit);
  return pullAnswer(device, opened, events);
}

function pullArguments(exchange: Exchange): { readonly timeoutMs: number; readonly limit: number } {
  const { device } = exchange;
  const timeoutText = argument(exchange, 'Timeout');
  const limitText = argument(exchange, 'MessageLimit');
  if (timeoutText === undefined || limitText === undefined)
    throw senderFault('InvalidArgs', 'Timeout or MessageLimit is missing');
  const timeoutMs = readDuration(timeoutText);
  if (timeoutMs === null || timeoutMs < 0 || !/^\+?[0-9]{1,9}$/.test(limitText) || Number(limitText) < 1) {
    throw senderFault('InvalidArgVal', 'Timeout or MessageLimit is not a value of its type');
  }
  const maxTimeout = device.options.quirks.value('max-timeout');
  const maxTimeoutMs = maxTimeout === null ? device.options.limits.maxTimeoutMs : maxTimeout * 1000;
  // A Timeout too long faults, a MessageLimit too large does not.
  if (timeoutMs > maxTimeoutMs) throw device.faults.pullMessagesLimits(maxTimeoutMs, maxMessages(device));
  return { timeoutMs, limit: Number(limitText) };
}

function maxMessages(device: DeviceState): number {
  return device.options.quirks.has('max-timeout') ? 30 : device.options.limits.maxMessageLimit;
}

function pullAnswer(device: DeviceState, opened: OpenPullPoint, events: readonly SimulatedEvent[]): SoapAnswer {
  const synchronization = events.reduce((count, { number }) => count + Number(number === 0), 0);
  const ranges = rangesOf(events.map(({ number }) => number));
  return {
    status: 200,
    action: `${PULL_POINT}/PullMessagesResponse`,
    body: `${pullOpen(device, opened)}${notificationsText(events, device.style)}</tev:PullMessagesResponse>`,
    ...(events.length > 0 ? { delivered: { subscription: opened.id, events: ranges, synchronization } } : {}),
  };
}

function loadAnswer(device: DeviceState, opened: OpenPullPoint, limit: number): SoapAnswer {
  const utcTime = writeMilliseconds(device.now());
  const { text, first, last } = device.load!.next(limit, utcTime, device.ledger.takeNumbers);
  return {
    status: 200,
    action: `${PULL_POINT}/PullMessagesResponse`,
    body: [pullOpen(device, opened), text, '</tev:PullMessagesResponse>'],
    delivered: { subscription: opened.id, events: [[first, last]], synchronization: 0 },
  };
}

/** Mind the namespaces: the times are tev here and wsnt everywhere else (Core 9.1.2). */
function pullOpen(device: DeviceState, { point }: OpenPullPoint): string {
  const now = device.now();
  return (
    `<tev:PullMessagesResponse><tev:CurrentTime>${writeSeconds(now)}</tev:CurrentTime>` +
    `<tev:TerminationTime>${writeSeconds(now + point.remaining())}</tev:TerminationTime>`
  );
}

/** Core 9.1.3 Renew. */
function renew(exchange: Exchange, { point }: OpenPullPoint): SoapAnswer {
  const { device, request } = exchange;
  if (device.options.quirks.has('renew-unsupported'))
    throw receiverFault('ActionNotSupported', 'Renew is not supported');
  const time = childNamed(request.operation, NS.wsnt, 'TerminationTime');
  if (!time) throw senderFault('InvalidArgs', 'TerminationTime is missing');
  point.renew(grantedLifetime(device, isNil(time) ? null : time.text.trim(), device.faults.unacceptableTime));
  const now = device.now();
  return {
    status: 200,
    action: `${MANAGER}/RenewResponse`,
    body:
      `<wsnt:RenewResponse><wsnt:TerminationTime>${writeSeconds(now + point.remaining())}</wsnt:TerminationTime>` +
      `<wsnt:CurrentTime>${writeSeconds(now)}</wsnt:CurrentTime></wsnt:RenewResponse>`,
  };
}

/** Core 9.1.4 Unsubscribe: a blocked pull ends with an ordinary answer. */
function unsubscribe({ device }: Exchange, { point }: OpenPullPoint): SoapAnswer {
  point.end('unsubscribed');
  if (device.options.quirks.has('unsubscribe-kills-all')) device.pullPoints.endAll('unsubscribed by another');
  return { status: 200, action: `${MANAGER}/UnsubscribeResponse`, body: '<wsnt:UnsubscribeResponse/>' };
}

/** Core 9.5 SetSynchronizationPoint: every live property once more as Initialized, through the ordinary channel. */
function setSynchronizationPoint({ device }: Exchange, { point }: OpenPullPoint): SoapAnswer {
  if (device.options.quirks.has('sync-point-faults')) throw receiverFault('Action', 'Synchronization point failed');
  point.offer(device.propertyStates());
  const action = `${PULL_POINT}/SetSynchronizationPointResponse`;
  return { status: 200, action, body: '<tev:SetSynchronizationPointResponse/>' };
}
