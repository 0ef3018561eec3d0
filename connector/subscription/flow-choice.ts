import { AdaptRequestError, ConnectorError, RetryNowError, RetrySlowlyError, UnsupportedError } from '../errors.ts';
import type { DeviceHabits } from './device-habits.ts';
import type { Flow } from './live-subscription.ts';
import type { NotificationConsumer } from './notification-consumer.ts';

/** How a subscription of a flow ended. */
export interface FlowEnd {
  readonly error: unknown;
  /** It brought at least one answer, or one Notify. */
  readonly answered: boolean;
  readonly lastedMs: number;
}

/**
 * The flow for one device, kept across its subscriptions. `auto` asks for messages first (Core 9.1: every device has real-time
 * pull points, and they need no way back to us), and has them sent where that turned out not to work: capabilities lie both
 * ways (quirk 31), so evidence counts. The same the other way round.
 */
export interface FlowChoice {
  /** Where devices send to; undefined where base notification is not configured. */
  readonly consumer: NotificationConsumer | undefined;
  /** After so long without a Notify the device is asked whether it still would send, ms. */
  readonly silenceMs: number;
  /** Flows to try now, in order. @param maxNotificationProducers as the device told (Core 9.8); null where it did not */
  order(habits: DeviceHabits, maxNotificationProducers: number | null): readonly Flow[];
  /** Whether a subscription of before is gone on with; `order` was asked before. */
  keeps(flow: Flow): boolean;
  /** The device gave no subscription. True where the other flow is to be tried at once. */
  refused(flow: Flow, error: unknown): boolean;
  /** A subscription ended by an error. True where that tips the scale: the other flow comes first from now on. */
  ended(flow: Flow, end: FlowEnd): boolean;
}

/** Refusals in words that may mean anything, and subscriptions that broke soon, in a row: then the other flow is tried. */
const PATIENCE = 3;
/** Subscriptions in a row that never answered. One is not enough: contact may have been lost just then. */
const UNANSWERED = 2;
/** One that lasted longer worked, ms. */
const LASTING_MS = 2 * 60_000;
const SILENCE_MS = 5 * 60_000;

export function flowChoice(
  wanted: 'auto' | Flow,
  consumer: NotificationConsumer | undefined,
  silenceMs = SILENCE_MS,
): FlowChoice {
  let order: readonly Flow[] = ['pull-point'];
  /** The flow that failed last. */
  let avoided: Flow | null = null;
  const troubles = { 'pull-point': NONE, 'base-notification': NONE };
  const tip = (flow: Flow): boolean => {
    troubles[flow] = NONE;
    if (order.length < 2) return false;
    avoided = flow;
    return true;
  };
  return {
    consumer,
    silenceMs,
    order(habits, maxNotificationProducers) {
      order = possible(wanted, consumer !== undefined, maxNotificationProducers);
      if (order.length < 2) return order;
      const preferred = habits.flow ?? 'pull-point';
      const first = preferred === avoided ? other(preferred) : preferred;
      order = [first, other(first)];
      return order;
    },
    keeps: (flow) => order.includes(flow) && (order.length < 2 || flow !== avoided),
    refused(flow, error) {
      const refused = troubles[flow].refused + (isFailure(error) ? 1 : 0);
      troubles[flow] = { ...troubles[flow], refused };
      return (isRefusal(error) || refused >= PATIENCE) && tip(flow);
    },
    ended(flow, { error, answered, lastedMs }) {
      if (error instanceof ConnectorError && error.code === 'push-silent') return !answered && tip(flow);
      const one = isFailure(error) ? 1 : 0;
      const { broken, unanswered } = troubles[flow];
      if (answered) troubles[flow] = { ...NONE, broken: lastedMs > LASTING_MS ? 0 : broken + one };
      else troubles[flow] = { ...NONE, broken, unanswered: unanswered + one };
      const now = troubles[flow];
      return (now.broken >= PATIENCE || now.unanswered >= UNANSWERED) && tip(flow);
    },
  };
}

const NONE = { refused: 0, broken: 0, unanswered: 0 };

function possible(wanted: 'auto' | Flow, consumer: boolean, maxNotificationProducers: number | null): readonly Flow[] {
  if (wanted !== 'auto') return [wanted];
  return consumer && maxNotificationProducers !== 0 ? ['pull-point', 'base-notification'] : ['pull-point'];
}

function other(flow: Flow): Flow {
  return flow === 'pull-point' ? 'base-notification' : 'pull-point';
}

/** The device does not do this, in any form we know. */
function isRefusal(error: unknown): boolean {
  if (error instanceof UnsupportedError || error instanceof AdaptRequestError) return true;
  return error instanceof ConnectorError && error.code === 'subscription-refused';
}

/** It answers, and not as it should, or hangs. A device that cannot be reached, or refuses the login, does so in either flow. */
function isFailure(error: unknown): boolean {
  if (!(error instanceof ConnectorError)) return false;
  if (error instanceof RetrySlowlyError) return error.code !== 'unreachable' && error.code !== 'tls';
  return error instanceof RetryNowError || isRefusal(error);
}
