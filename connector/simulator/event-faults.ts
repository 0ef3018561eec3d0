import { SoapFault } from './soap-fault.ts';
import { writeDuration, writeMilliseconds } from './wire-time.ts';

/**
 * Core 9.9: event faults are env:Receiver with a typed element in the Detail. Those of WS-BaseNotification and
 * WS-ResourceFramework extend BaseFault: Timestamp, Originator?, ErrorCode?, Description*, FaultCause?, then their own.
 */
function typedFault(element: string, now: number, reason: string, own = ''): SoapFault {
  const detail =
    `<${element}><wsrf-bf:Timestamp>${writeMilliseconds(now)}</wsrf-bf:Timestamp>` +
    `<wsrf-bf:Description xml:lang="en">${reason}</wsrf-bf:Description>${own}</${element}>`;
  return new SoapFault({ code: 'Receiver', reason, detail, status: 500 });
}

/** The faults of the event service with the device's time in them. */
export function eventFaults(deviceNow: () => number) {
  const fault = (element: string, reason: string, own?: string) => typedFault(element, deviceNow(), reason, own);
  const times = (minimum: number, maximum: number) =>
    `<wsnt:MinimumTime>${writeMilliseconds(minimum)}</wsnt:MinimumTime><wsnt:MaximumTime>${writeMilliseconds(maximum)}</wsnt:MaximumTime>`;
  return {
    resourceUnknown: () => fault('wsrf-r:ResourceUnknownFault', 'No such subscription'),
    subscribeCreationFailed: (most: number) =>
      fault('wsnt:SubscribeCreationFailedFault', `All ${most} subscriptions are in use`),
    unacceptableInitialTime: (minimum: number, maximum: number) =>
      fault(
        'wsnt:UnacceptableInitialTerminationTimeFault',
        'InitialTerminationTime not accepted',
        times(minimum, maximum),
      ),
    unacceptableTime: (minimum: number, maximum: number) =>
      fault('wsnt:UnacceptableTerminationTimeFault', 'TerminationTime not accepted', times(minimum, maximum)),
    invalidFilter: (uri: string, local: string) =>
      fault(
        'wsnt:InvalidFilterFault',
        'Unknown filter',
        `<wsnt:UnknownFilter xmlns:unknown="${uri}">unknown:${local}</wsnt:UnknownFilter>`,
      ),
    dialectUnknown: () => fault('wsnt:TopicExpressionDialectUnknownFault', 'Unknown topic expression dialect'),
    invalidTopicExpression: () => fault('wsnt:InvalidTopicExpressionFault', 'Not a topic expression of its dialect'),
    topicNotSupported: () => fault('wsnt:TopicNotSupportedFault', 'No such topic on this device'),
    invalidContentExpression: () =>
      fault('wsnt:InvalidMessageContentExpressionFault', 'Not a message content expression of its dialect'),
    invalidProducerProperties: () =>
      fault('wsnt:InvalidProducerPropertiesExpressionFault', 'Producer properties are no filter here'),
    unrecognizedPolicy: (uri: string, local: string) =>
      fault(
        'wsnt:UnrecognizedPolicyRequestFault',
        'Unknown subscription policy',
        `<wsnt:UnrecognizedPolicy xmlns:unknown="${uri}">unknown:${local}</wsnt:UnrecognizedPolicy>`,
      ),
    unsupportedPolicy: (uri: string, local: string) =>
      fault(
        'wsnt:UnsupportedPolicyRequestFault',
        'Subscription policy not supported',
        `<wsnt:UnsupportedPolicy xmlns:unsupported="${uri}">unsupported:${local}</wsnt:UnsupportedPolicy>`,
      ),
    noCurrentMessage: () => fault('wsnt:NoCurrentMessageOnTopicFault', 'No current message'),
    unableToGetMessages: () => fault('wsnt:UnableToGetMessagesFault', 'Another PullMessages is blocking'),
    unableToDestroy: () => fault('wsnt:UnableToDestroySubscriptionFault', 'The subscription cannot be ended'),
    /** Core 9.1.2: the one ONVIF fault, no BaseFault. */
    pullMessagesLimits: (maxTimeoutMs: number, maxMessageLimit: number) =>
      new SoapFault({
        code: 'Receiver',
        reason: 'Timeout above the limit',
        status: 500,
        detail:
          `<tev:PullMessagesFaultResponse><tev:MaxTimeout>${writeDuration(maxTimeoutMs)}</tev:MaxTimeout>` +
          `<tev:MaxMessageLimit>${maxMessageLimit}</tev:MaxMessageLimit></tev:PullMessagesFaultResponse>`,
      }),
  };
}

export type EventFaults = ReturnType<typeof eventFaults>;
