import { createPullPointSubscription, subscribe } from './create-subscription.ts';
import { describedTopics } from './described-topics.ts';
import type { Exchange, Operation, OperationTable } from './exchange.ts';
import { DIALECT, NS } from './namespaces.ts';
import type { DeviceState } from './simulated-device.ts';
import type { SoapAnswer } from './soap-answer.ts';
import { senderFault } from './soap-fault.ts';
import { topicSetText } from './topic-table.ts';

const PORT_TYPE = `${NS.tev}/EventPortType`;
const PRODUCER = `${NS.wsntw}/NotificationProducer`;

type Handler = (exchange: Exchange) => SoapAnswer | Promise<SoapAnswer>;

function operation(uri: string, port: string, name: string, preAuth: boolean, handle: Handler): [string, Operation] {
  const action = `${port}/${name}Request`;
  return [`{${uri}}${name}`, { action, preAuth, addressed: true, atSubscription: false, handle }];
}

function answer(name: string, body: string): SoapAnswer {
  return { status: 200, action: `${PORT_TYPE}/${name}Response`, body };
}

/** Core 9: the operations at the event service's own address. */
export const EVENT_SERVICE: OperationTable = new Map([
  operation(NS.tev, PORT_TYPE, 'GetServiceCapabilities', true, ({ device }) =>
    answer(
      'GetServiceCapabilities',
      `<tev:GetServiceCapabilitiesResponse>${eventCapabilities(device)}</tev:GetServiceCapabilitiesResponse>`,
    ),
  ),
  operation(NS.tev, PORT_TYPE, 'GetEventProperties', false, getEventProperties),
  operation(NS.tev, PORT_TYPE, 'CreatePullPointSubscription', false, createPullPointSubscription),
  operation(NS.wsnt, PRODUCER, 'Subscribe', false, subscribe),
  operation(NS.wsnt, PRODUCER, 'GetCurrentMessage', false, ({ device }) => {
    // Core 9.3 lets a device answer so always.
    throw device.faults.noCurrentMessage();
  }),
]);

/** Core 9.8. */
export function eventCapabilities({ options, store }: DeviceState): string {
  const { quirks, limits } = options;
  const said = (truth: number) => (quirks.has('capabilities-lie') ? (truth === 0 ? 10 : 0) : truth);
  return (
    '<tev:Capabilities WSSubscriptionPolicySupport="true" WSPausableSubscriptionManagerInterfaceSupport="false"' +
    ` MaxNotificationProducers="${said(limits.maxNotificationProducers)}"` +
    ` MaxPullPoints="${said(quirks.has('push-only') ? 0 : limits.maxPullPoints)}"` +
    ` PersistentNotificationStorage="${store !== null}"/>`
  );
}

/** Core 9.7 GetEventProperties: the TopicSet of the very table events are made from. */
function getEventProperties({ device }: Exchange): SoapAnswer {
  const { quirks } = device.options;
  if (quirks.has('event-properties-fault')) throw senderFault('InvalidArgVal', 'Event properties not available');
  const topics = describedTopics(device.options);
  const described = quirks.has('undescribed-topics') ? topics.filter((_, index) => index % 2 === 0) : topics;
  const style = {
    bare: quirks.has('bare-topic-set'),
    repeatedRoots: quirks.has('repeated-topic-roots'),
    flagEverywhere: quirks.has('topic-flag-everywhere'),
  };
  return answer(
    'GetEventProperties',
    '<tev:GetEventPropertiesResponse>' +
      '<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>' +
      `<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>${topicSetText(described, style)}` +
      `<wsnt:TopicExpressionDialect>${DIALECT.concrete}</wsnt:TopicExpressionDialect>` +
      `<wsnt:TopicExpressionDialect>${DIALECT.concreteSet}</wsnt:TopicExpressionDialect>` +
      `<tev:MessageContentFilterDialect>${DIALECT.itemFilter}</tev:MessageContentFilterDialect>` +
      '<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>' +
      '</tev:GetEventPropertiesResponse>',
  );
}
