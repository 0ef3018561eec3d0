import { deliveredOf } from './delivered-messages.ts';
import { argument, type Exchange, type Operation, type OperationTable } from './exchange.ts';
import { NS } from './namespaces.ts';
import { notificationsText } from './notification-text.ts';
import type { PullPoint } from './pull-point.ts';
import { readSeek } from './seek.ts';
import type { DeviceState } from './simulated-device.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import type { SoapAnswer } from './soap-answer.ts';
import { HttpRefusal, receiverFault, senderFault } from './soap-fault.ts';
import { childNamed, isNil } from './soap-request.ts';
import { addressedSubscription } from './subscription-address.ts';
import type { OpenSubscription } from './subscriptions.ts';
import { terminationText } from './termination-text.ts';
import { grantedLifetime } from './termination-time.ts';
import { readDuration, writeMilliseconds, writeSeconds } from './wire-time.ts';

const PULL_POINT = `${NS.tev}/PullPointSubscription`;
const MANAGER = `${NS.wsntw}/SubscriptionManager`;

type Handler = (exchange: Exchange, opened: OpenSubscription) => SoapAnswer | Promise<SoapAnswer>;
type PullHandler = (exchange: Exchange, opened: OpenPullPoint) => SoapAnswer | Promise<SoapAnswer>;
type OpenPullPoint = OpenSubscription & { readonly point: PullPoint };

function operation(uri: string, port: string, name: string, handler: Handler): [string, Operation] {
  const handle = (exchange: Exchange) => handler(exchange, addressed(exchange));
  const action = `${port}/${name}Request`;
  return [`{${uri}}${name}`, { action, preAuth: false, addressed: true, atSubscription: true, handle }];
}

function pullOperation(name: string, handler: PullHandler): [string, Operation] {
  return operation(NS.tev, PULL_POINT, name, (exchange, opened) => {
    const { point } = opened;
    if (!point) throw receiverFault('ActionNotSupported', 'Not a pull point');
    return handler(exchange, { ...opened, point });
  });
}

/** Core 9.3, 9.5: what both kinds of subscription have. */
const BOTH: readonly [string, Operation][] = [
  operation(NS.tev, PULL_POINT, 'SetSynchronizationPoint', setSynchronizationPoint),
  operation(NS.wsnt, MANAGER, 'Renew', renew),
  operation(NS.wsnt, MANAGER, 'Unsubscribe', unsubscribe),
];

/** Core 9.3: the operations at the endpoint of a base notification. */
export const NOTIFICATION_MANAGER: OperationTable = new Map(BOTH);

/** Core 9.1.2-9.1.5, 9.5: the operations at a pull point's endpoint. */
export const SUBSCRIPTION_MANAGER: OperationTable = new Map([
  ...BOTH,
  pullOperation('PullMessages', pullMessages),
  pullOperation('Seek', (exchange, { point }) => {
    const { events, live } = readSeek(exchange);
    point.seek(events, live);
    return { status: 200, action: `${PULL_POINT}/SeekResponse`, body: '<tev:SeekResponse/>' };
  }),
]);

const PAGE = '<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>';

/** Core 9.9 ResourceUnknownFault, in one of the shapes devices give it. */
function addressed(exchange: Exchange): OpenSubscription {
  const opened = addressedSubscription(exchange);
  if (opened) return opened;
  const { quirks } = exchange.device.options;
  if (quirks.has('unknown-as-400') || quirks.has('id-in-reference-parameters')) {
    throw senderFault('InvalidArgs', 'No such subscription');
  }
  if (quirks.has('unknown-as-404')) throw new HttpRefusal(404, 'No such subscription');
  if (quirks.has('unknown-as-404-html')) throw new HttpRefusal(404, 'No such subscription', {}, PAGE);
  if (quirks.has('unknown-as-500')) throw new HttpRefusal(500, 'No such subscription');
  throw exchange.device.faults.resourceUnknown();
}

/** Core 9.1.2 PullMessages: a long poll that keeps the subscription alive. */
async function pullMessages(exchange: Exchange, opened: OpenPullPoint): Promise<SoapAnswer> {
  const { device } = exchange;
  const { quirks } = device.options;
  const { point } = opened;
  if (quirks.has('pull-broken')) throw receiverFault('Action', 'Pull failed');
  if (quirks.has('pull-hangs')) return new Promise(() => {});
  const { timeoutMs, limit } = pullArguments(exchange);
  const keepAlive = (ms: number) => {
    const sets = quirks.value('pull-sets-lifetime');
    if (sets !== null) point.renew(sets * 1000);
    else if (!quirks.has('renew-only')) point.extend(ms);
  };
  // Core 9.1.2: alive for Timeout after the response, and so for longer than it takes to come.
  keepAlive(2 * timeoutMs);
  const load = opened.takesLoad && !point.sought ? device.load : null;
  const dueIn = load && load.left > 0 ? load.dueIn() : Number.POSITIVE_INFINITY;
  if (point.blocked) {
    exchange.violation('concurrent-pull', 'PullMessages while another one blocks on the subscription');
    device.statistics.concurrentPull();
  }
  const closesAfter = (quirks.value('pull-closes-after') ?? Number.POSITIVE_INFINITY) * 1000;
  const patience = quirks.has('early-empty') ? 0 : Math.min(timeoutMs, closesAfter);
  const ended = device.statistics.pullBegins();
  const events = await point.pull(Math.min(dueIn, patience), Math.min(limit, maxMessages(device))).finally(ended);
  if (events.length === 0 && dueIn > patience) {
    if (closesAfter < timeoutMs) throw new HttpRefusal(0, 'The device closes the connection');
    await overdue(device, opened);
  }
  keepAlive(timeoutMs);
  if (events.length === 0 && load && load.left > 0 && dueIn <= patience) return loadAnswer(device, opened, limit);
  const again = quirks.has('initialized-every-pull') ? device.propertyStates() : [];
  return pullAnswer(device, opened, again.length === 0 ? events : [...events, ...again].slice(0, limit));
}

/** Quirk pull-overdue: late, and then there is nothing any more. */
async function overdue(device: DeviceState, { point }: OpenPullPoint): Promise<void> {
  const late = device.options.quirks.value('pull-overdue');
  if (late === null) return;
  await device.options.clock.sleep(late * 1000);
  point.end('ended by the device');
  throw device.faults.resourceUnknown();
}

function pullArguments(exchange: Exchange): { readonly timeoutMs: number; readonly limit: number } {
  const { device } = exchange;
  const { quirks, limits } = device.options;
  const timeoutText = argument(exchange, 'Timeout');
  const limitText = argument(exchange, 'MessageLimit');
  if (timeoutText === undefined || limitText === undefined)
    throw senderFault('InvalidArgs', 'Timeout or MessageLimit is missing');
  const timeoutMs = readDuration(timeoutText);
  if (timeoutMs === null || timeoutMs < 0 || !/^\+?[0-9]{1,9}$/.test(limitText) || Number(limitText) < 1) {
    throw senderFault('InvalidArgVal', 'Timeout or MessageLimit is not a value of its type');
  }
  const longest = quirks.value('long-pulls-rejected');
  if (longest !== null && timeoutMs > longest * 1000) throw senderFault('InvalidArgVal', 'Timeout not accepted');
  const maxTimeout = quirks.value('max-timeout');
  const maxTimeoutMs = maxTimeout === null ? limits.maxTimeoutMs : maxTimeout * 1000;
  // A Timeout too long faults, a MessageLimit too large does not.
  if (timeoutMs > maxTimeoutMs) throw device.faults.pullMessagesLimits(maxTimeoutMs, maxMessages(device));
  return { timeoutMs, limit: Number(limitText) };
}

function maxMessages(device: DeviceState): number {
  const { quirks, limits } = device.options;
  if (quirks.has('single-message-pulls')) return 1;
  return quirks.has('max-timeout') ? 30 : limits.maxMessageLimit;
}

function pullAnswer(device: DeviceState, opened: OpenPullPoint, events: readonly SimulatedEvent[]): SoapAnswer {
  return {
    status: 200,
    action: `${PULL_POINT}/PullMessagesResponse`,
    body: `${pullOpen(device, opened)}${notificationsText(events, device.style)}</tev:PullMessagesResponse>`,
    ...(events.length > 0 ? { delivered: deliveredOf(opened.id, opened.flow, events) } : {}),
  };
}

function loadAnswer(device: DeviceState, opened: OpenPullPoint, limit: number): SoapAnswer {
  const utcTime = writeMilliseconds(device.now());
  const { text, first, last } = device.load!.next(limit, utcTime, device.ledger.takeNumbers);
  const delivered = { ...deliveredOf(opened.id, opened.flow, []), events: [[first, last]] as const };
  return {
    status: 200,
    action: `${PULL_POINT}/PullMessagesResponse`,
    body: [pullOpen(device, opened), text, '</tev:PullMessagesResponse>'],
    delivered,
  };
}

/** Mind the namespaces: the times are tev here and wsnt everywhere else (Core 9.1.2). */
function pullOpen(device: DeviceState, { point }: OpenPullPoint): string {
  const now = device.now();
  return (
    `<tev:PullMessagesResponse><tev:CurrentTime>${writeSeconds(now)}</tev:CurrentTime>` +
    terminationText(device, 'tev', now + point.remaining())
  );
}

/** Core 9.1.3 Renew. */
function renew(exchange: Exchange, { channel }: OpenSubscription): SoapAnswer {
  const { device, request } = exchange;
  const { quirks } = device.options;
  if (quirks.has('renew-unsupported')) throw receiverFault('ActionNotSupported', 'Renew is not supported');
  if (quirks.has('renew-400')) throw new HttpRefusal(400, 'Renew is not supported');
  if (quirks.has('renew-not-authorized')) throw senderFault('NotAuthorized', 'Renew is not for you');
  const time = childNamed(request.operation, NS.wsnt, 'TerminationTime');
  if (!time) throw senderFault('InvalidArgs', 'TerminationTime is missing');
  channel.renew(grantedLifetime(device, isNil(time) ? null : time.text.trim(), device.faults.unacceptableTime));
  const now = device.now();
  const times =
    terminationText(device, 'wsnt', now + channel.remaining()) +
    `<wsnt:CurrentTime>${writeSeconds(now)}</wsnt:CurrentTime>`;
  return {
    status: 200,
    action: `${MANAGER}/RenewResponse`,
    body: `<wsnt:RenewResponse>${quirks.has('renew-without-times') ? '' : times}</wsnt:RenewResponse>`,
  };
}

/** Core 9.1.4 Unsubscribe: a blocked pull ends with an ordinary answer. */
function unsubscribe({ device }: Exchange, { channel }: OpenSubscription): SoapAnswer {
  const { quirks } = device.options;
  if (!quirks.has('unsubscribe-leaks')) channel.end('unsubscribed');
  if (quirks.has('unsubscribe-kills-all')) device.subscribed.endAll('unsubscribed by another');
  return { status: 200, action: `${MANAGER}/UnsubscribeResponse`, body: '<wsnt:UnsubscribeResponse/>' };
}

/**
 * Core 9.5 SetSynchronizationPoint: every live property once more as Initialized, through the ordinary channel;
 * overridden after a Seek (Core 9.1.5).
 */
function setSynchronizationPoint({ device }: Exchange, { channel, point }: OpenSubscription): SoapAnswer {
  const { quirks } = device.options;
  if (quirks.has('sync-point-faults')) throw receiverFault('Action', 'Synchronization point failed');
  if (quirks.has('renew-not-authorized')) throw senderFault('NotAuthorized', 'Synchronization points are not for you');
  if (!point?.sought && !quirks.has('never-initialized')) channel.offer(device.propertyStates());
  const action = `${PULL_POINT}/SetSynchronizationPointResponse`;
  return { status: 200, action, body: '<tev:SetSynchronizationPointResponse/>' };
}
