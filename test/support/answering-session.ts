import { authenticator } from '../../connector/device/authenticator.ts';
import { deviceClock } from '../../connector/device/device-clock.ts';
import type { DeviceSession } from '../../connector/device/device-session.ts';
import type { HttpChannel } from '../../connector/device/http-channel.ts';
import { soapClient } from '../../connector/device/soap-client.ts';
import { createPullPoint } from '../../connector/subscription/create-pull-point.ts';
import { newHabits } from '../../connector/subscription/device-habits.ts';
import type { PullPoint } from '../../connector/subscription/pull-point.ts';
import { fakeClock } from './fake-clock.ts';

/** The pull point that the connector makes of a recorded answer to CreatePullPointSubscription. */
export async function createPullPointFrom(answer: Buffer): Promise<PullPoint> {
  const clock = fakeClock();
  const { signal } = new AbortController();
  const habits = newHabits({ pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 120_000 });
  const onTrouble = (_: string, error: Error) => {
    throw error;
  };
  return createPullPoint(undefined, { session: answeringSession(answer), clock, habits, signal, onTrouble });
}

/** A session with a device that answers everything with the same bytes, without a network. */
function answeringSession(body: Buffer): DeviceSession {
  const clock = fakeClock();
  const channel: HttpChannel = { post: async () => ({ status: 200, headers: {}, body }), close: async () => {} };
  const login = authenticator({ credentials: undefined, mode: 'none', clock, skew: () => 0 });
  const eventService = new URL('http://192.0.2.1/onvif/event_service');
  return {
    id: 'recorded',
    soap: soapClient({ device: 'recorded', clock, authenticator: login }),
    clock: deviceClock(clock),
    profile: {
      information: null,
      services: [],
      eventCapabilities: { maxPullPoints: null, maxNotificationProducers: null, persistentNotificationStorage: false },
      topicSet: null,
      missing: [],
    },
    eventService,
    eventServiceAddress: eventService.href,
    pullChannel: channel,
    controlChannel: channel,
    requestTimeoutMs: 10_000,
    reachable: () => eventService,
    close: async () => {},
  };
}
