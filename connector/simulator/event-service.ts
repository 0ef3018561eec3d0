import type { Exchange, Operation, OperationTable } from './exchange.ts';
import { DIALECT, NS } from './namespaces.ts';
import type { PullPoints } from './pull-points.ts';
import { describedTopics } from './simulated-device.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import { escapeXml, type SoapAnswer } from './soap-answer.ts';
import { HttpRefusal } from './soap-fault.ts';
import { childNamed, childText, isNil, type RequestElement } from './soap-request.ts';
import { subscriptionFilter } from './subscription-filter.ts';
import { grantedLifetime } from './termination-time.ts';
import { levelsOf, topicSetText } from './topic-table.ts';
import { writeSeconds } from './wire-time.ts';

const PORT_TYPE = `${NS.tev}/EventPortType`;

function operation(name: string, preAuth: boolean, handle: (exchange: Exchange) => SoapAnswer): [string, Operation] {
  const action = `${PORT_TYPE}/${name}Request`;
  return [`{${NS.tev}}${name}`, { action, preAuth, addressed: true, atSubscription: false, handle }];
}

function answer(name: string, body: string): SoapAnswer {
  return { status: 200, action: `${PORT_TYPE}/${name}Response`, body };
}

/** Core 9: the operations at the event service's own address. */
export const EVENT_SERVICE: OperationTable = new Map([
  operation('GetServiceCapabilities', true, ({ device }) =>
    answer(
      'GetServiceCapabilities',
      `<tev:GetServiceCapabilitiesResponse>${eventCapabilities(device.options.limits.maxPullPoints)}</tev:GetServiceCapabilitiesResponse>`,
    ),
  ),
  operation('GetEventProperties', false, getEventProperties),
  operation('CreatePullPointSubscription', false, createPullPointSubscription),
]);

/** Core 9.8. */
export function eventCapabilities(maxPullPoints: number): string {
  return (
    '<tev:Capabilities WSSubscriptionPolicySupport="true" WSPausableSubscriptionManagerInterfaceSupport="false"' +
    ` MaxNotificationProducers="0" MaxPullPoints="${maxPullPoints}" PersistentNotificationStorage="false"/>`
  );
}

/** Core 9.7 GetEventProperties: the TopicSet of the very table events are made from. */
function getEventProperties({ device }: Exchange): SoapAnswer {
  const topics = describedTopics(device.options);
  return answer(
    'GetEventProperties',
    '<tev:GetEventPropertiesResponse>' +
      '<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>' +
      `<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>${topicSetText(topics, device.options.quirks.has('bare-topic-set'))}` +
      `<wsnt:TopicExpressionDialect>${DIALECT.concrete}</wsnt:TopicExpressionDialect>` +
      `<wsnt:TopicExpressionDialect>${DIALECT.concreteSet}</wsnt:TopicExpressionDialect>` +
      `<tev:MessageContentFilterDialect>${DIALECT.itemFilter}</tev:MessageContentFilterDialect>` +
      '<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>' +
      '</tev:GetEventPropertiesResponse>',
  );
}

/** Core 9.1.1 CreatePullPointSubscription. */
function createPullPointSubscription(exchange: Exchange): SoapAnswer {
  const { device, request, base } = exchange;
  const { quirks, limits } = device.options;
  const asked = request.operation;
  const accepts = acceptsOf(exchange, asked);
  const time = childNamed(asked, NS.tev, 'InitialTerminationTime');
  if (!time && quirks.has('initial-time-mandatory')) throw new HttpRefusal(500, 'InitialTerminationTime is missing');
  const lifetimeMs = grantedLifetime(
    device,
    time && !isNil(time) ? time.text.trim() : null,
    device.faults.unacceptableInitialTime,
  );
  if (device.pullPoints.count >= limits.maxPullPoints)
    throw device.faults.subscribeCreationFailed(limits.maxPullPoints);
  const opened = device.pullPoints.open({
    ...{ lifetimeMs, accepts, takesLoad: device.load !== null && accepts(device.load.sample) },
    addressOf: (id) => subscriptionAddress(exchange, base, id),
  });
  // Core 9.4.2: at subscription start all existing properties come first.
  if (!quirks.has('no-initialized')) opened.point.offer(device.propertyStates());
  const reference = quirks.has('id-in-reference-parameters') ? referenceParameters(opened.id) : '';
  const now = quirks.has('empty-address') ? 0 : device.now();
  const termination = quirks.has('empty-address') ? 0 : now + opened.point.remaining();
  return answer(
    'CreatePullPointSubscription',
    '<tev:CreatePullPointSubscriptionResponse>' +
      `<tev:SubscriptionReference><wsa:Address>${escapeXml(opened.address)}</wsa:Address>${reference}</tev:SubscriptionReference>` +
      `<wsnt:CurrentTime>${writeSeconds(now)}</wsnt:CurrentTime><wsnt:TerminationTime>${writeSeconds(termination)}</wsnt:TerminationTime>` +
      '</tev:CreatePullPointSubscriptionResponse>',
  );
}

/** Filter and policy of the subscription as one test. */
function acceptsOf(exchange: Exchange, asked: RequestElement): (event: SimulatedEvent) => boolean {
  const { device } = exchange;
  const filter = subscriptionFilter(childNamed(asked, NS.tev, 'Filter'), {
    faults: device.faults,
    topics: levelsOf(describedTopics(device.options)),
    everyBranchMustMatch: device.options.quirks.has('unsupported-branch-faults'),
    violation: exchange.violation,
  });
  let changedOnly = false;
  for (const policy of childNamed(asked, NS.tev, 'SubscriptionPolicy')?.children ?? []) {
    // Core 9.1.1: tev:ChangedOnly keeps Initialized and Deleted away.
    if (policy.uri !== NS.tev || policy.local !== 'ChangedOnly') {
      throw device.faults.unrecognizedPolicy(policy.uri, policy.local);
    }
    changedOnly = true;
  }
  if (!changedOnly) return filter;
  return (event) => (event.operation === null || event.operation === 'Changed') && filter(event);
}

function subscriptionAddress({ device }: Exchange, base: string, id: string): string {
  const { quirks } = device.options;
  if (quirks.has('empty-address')) return '';
  const host = quirks.has('wrong-host-address') ? base.replace(/^http:\/\/[^/]+/, 'http://192.0.2.1:8999') : base;
  return quirks.has('id-in-reference-parameters')
    ? `${host}/onvif/subscription`
    : `${host}/onvif/subscription?id=${id}`;
}

/** WS-Addressing 1.0 SOAP binding: to be echoed verbatim, attribute and all. */
function referenceParameters(id: string): string {
  return (
    `<wsa:ReferenceParameters><sim:SubscriptionId xmlns:sim="${NS.simulator}" sim:form="opaque">${id}</sim:SubscriptionId>` +
    '</wsa:ReferenceParameters>'
  );
}

/** The subscription a request at a subscription's endpoint means; undefined where there is none (any more). */
export function addressedPullPoint(exchange: Exchange): ReturnType<PullPoints['find']> {
  const { device, request, query } = exchange;
  const { quirks } = device.options;
  if (quirks.has('empty-address')) return device.pullPoints.newest();
  if (!quirks.has('id-in-reference-parameters')) return device.pullPoints.find(query.get('id') ?? '');
  const header = request.headers.find(({ uri, local }) => uri === NS.simulator && local === 'SubscriptionId');
  return header && device.pullPoints.find(header.text.trim());
}

/** Text of a child of the operation in its own namespace. */
export function argument(exchange: Exchange, local: string): string | undefined {
  const { operation: element } = exchange.request;
  return childText(element, element.uri, local);
}
