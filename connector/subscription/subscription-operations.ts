import { NS } from '../device/namespaces.ts';
import type { SoapOperation } from '../device/soap-envelope.ts';

const PULL_POINT = `${NS.tev}/PullPointSubscription`;
const MANAGER = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';
const PRODUCER = 'http://docs.oasis-open.org/wsn/bw-2/NotificationProducer';
const CONCRETE_SET = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet';
const ITEM_FILTER = 'http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter';

export interface SubscriptionFilter {
  /** ConcreteSet expressions, any of which may match (Core 9.6.3). */
  readonly topics: readonly string[];
  /** ItemFilter expression (Core 9.4.4). */
  readonly content: string | undefined;
  /** Namespace of every prefix that the expressions use. */
  readonly namespaces: Readonly<Record<string, string>>;
}

/** Core 9.1.1. Without a filter every event of the device comes. */
export function createPullPointSubscription(
  filter: SubscriptionFilter | undefined,
  initialTerminationTime: string,
): SoapOperation {
  const content = {
    ...(filter && { 'tev:Filter': filterElement(filter) }),
    'tev:InitialTerminationTime': initialTerminationTime,
  };
  return {
    name: 'CreatePullPointSubscription',
    action: `${NS.tev}/EventPortType/CreatePullPointSubscriptionRequest`,
    body: { 'tev:CreatePullPointSubscription': content },
  };
}

/** Core 9.3, WS-BaseNotification 1.3 clause 4.2: the device sends to `consumer` by itself. */
export function subscribe(
  consumer: string,
  filter: SubscriptionFilter | undefined,
  initialTerminationTime: string,
): SoapOperation {
  const content = {
    'wsnt:ConsumerReference': { 'wsa:Address': consumer },
    ...(filter && { 'wsnt:Filter': filterElement(filter) }),
    'wsnt:InitialTerminationTime': initialTerminationTime,
  };
  return { name: 'Subscribe', action: `${PRODUCER}/SubscribeRequest`, body: { 'wsnt:Subscribe': content } };
}

/** At most one TopicExpression, alternatives inside it: two elements would have to match both (trap 45). */
function filterElement({ topics, content, namespaces }: SubscriptionFilter): SoapOperation['body'] {
  // Prefixes in an expression resolve against the declarations on its own element (trap 47).
  const declarations = Object.fromEntries(Object.entries(namespaces).map(([prefix, uri]) => [`@xmlns:${prefix}`, uri]));
  return {
    ...(topics.length > 0 && {
      'wsnt:TopicExpression': { ...declarations, '@Dialect': CONCRETE_SET, '#': topics.join('|') },
    }),
    ...(content !== undefined && {
      'wsnt:MessageContent': { '@xmlns:tt': NS.tt, '@Dialect': ITEM_FILTER, '#': content },
    }),
  };
}

/** Core 9.1.2 */
export function pullMessages(timeout: string, messageLimit: number): SoapOperation {
  return {
    name: 'PullMessages',
    action: `${PULL_POINT}/PullMessagesRequest`,
    body: { 'tev:PullMessages': { 'tev:Timeout': timeout, 'tev:MessageLimit': String(messageLimit) } },
  };
}

/** Core 9.1.3 */
export function renew(terminationTime: string): SoapOperation {
  return {
    name: 'Renew',
    action: `${MANAGER}/RenewRequest`,
    body: { 'wsnt:Renew': { 'wsnt:TerminationTime': terminationTime } },
  };
}

/** Core 9.1.4 */
export const unsubscribe: SoapOperation = {
  name: 'Unsubscribe',
  action: `${MANAGER}/UnsubscribeRequest`,
  body: { 'wsnt:Unsubscribe': {} },
};

/** Core 9.5 */
export const setSynchronizationPoint: SoapOperation = {
  name: 'SetSynchronizationPoint',
  action: `${PULL_POINT}/SetSynchronizationPointRequest`,
  body: { 'tev:SetSynchronizationPoint': {} },
};

/** Core 9.1.5, forward: `Reverse` is only there where it is true. */
export function seek(utcTime: string): SoapOperation {
  return {
    name: 'Seek',
    action: `${PULL_POINT}/SeekRequest`,
    body: { 'tev:Seek': { 'tev:UtcTime': utcTime } },
  };
}
