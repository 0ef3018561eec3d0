import type { Clock } from '../clock.ts';
import { type AuthenticationMode, authenticator, type Credentials } from './authenticator.ts';
import { type ConnectionHabits, forgetfulHabits } from './connection-habits.ts';
import { type DescribingSteps, describingSteps } from './describing-steps.ts';
import { deviceServiceUrl, reachableUrl } from './device-address.ts';
import { type DeviceClock, deviceClock, readSystemTime } from './device-clock.ts';
import {
  type DeviceInformation,
  type DeviceService,
  type EventCapabilities,
  readCapabilityCategories,
  readDeviceInformation,
  readEventCapabilities,
  readEventServiceCapabilities,
  readServices,
} from './device-description.ts';
import {
  getCapabilities,
  getDeviceInformation,
  getEventProperties,
  getEventServiceCapabilities,
  getServices,
  getSystemDateAndTime,
} from './device-operations.ts';
import { type HttpChannel, type HttpTls, openHttpChannel } from './http-channel.ts';
import { NS } from './namespaces.ts';
import type { XmlElement } from './notification-message.ts';
import { portFallback } from './port-fallback.ts';
import { type SoapClient, soapClient } from './soap-client.ts';
import { envelopeTemplate, type SoapOperation } from './soap-envelope.ts';
import type { TopicSet } from './topic-set.ts';
import { readTopicSet } from './topic-set-reader.ts';
import { parseXml } from './xml-tree.ts';

export interface DeviceOptions {
  readonly id: string;
  /** Host, host:port or URL of the device service. */
  readonly address: string;
  readonly credentials?: Credentials | undefined;
  readonly authentication: AuthenticationMode;
  readonly tls?: HttpTls | undefined;
  /** Milliseconds for an ordinary request, connection included. */
  readonly requestTimeoutMs: number;
}

/** Most bytes of any answer; big topic sets are some hundred KB, an image in an item may be as much again. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** What a device said about itself when we connected. Whatever it would not say is null or empty: pulling works without. */
export interface DeviceProfile {
  readonly information: DeviceInformation | null;
  readonly services: readonly DeviceService[];
  readonly eventCapabilities: EventCapabilities;
  readonly topicSet: TopicSet | null;
  /** Steps that failed, and why: for people. */
  readonly missing: readonly string[];
}

/** A device we talk to: its logins, clock, connections and profile. */
export interface DeviceSession {
  readonly id: string;
  readonly soap: SoapClient;
  readonly clock: DeviceClock;
  readonly profile: DeviceProfile;
  readonly eventService: URL;
  /** `wsa:To` of the event service: its address as the device gave it. */
  readonly eventServiceAddress: string;
  /** For long polls; nothing else goes over it. */
  readonly pullChannel: HttpChannel;
  readonly controlChannel: HttpChannel;
  readonly requestTimeoutMs: number;
  /** Where to connect for an address the device gave. */
  reachable(address: string): URL;
  close(): Promise<void>;
}

/**
 * Connects: clock, services, identity, event capabilities, topic set (standard.md 5.19 Resolve → Describe).
 *
 * @param habits what earlier connections taught, and what this one does
 * @throws RetrySlowlyError where the device cannot be reached, UnauthorizedError where it refuses the login
 */
export async function connectDevice(
  options: DeviceOptions,
  clock: Clock,
  signal: AbortSignal,
  habits: ConnectionHabits = forgetfulHabits(),
): Promise<DeviceSession> {
  const configured = deviceServiceUrl(options.address);
  const channelOptions = {
    clock,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    connectTimeoutMs: options.requestTimeoutMs,
    tls: options.tls,
  };
  const onOneHost = portFallback(configured);
  const controlChannel = onOneHost(openHttpChannel(channelOptions));
  const pullChannel = onOneHost(openHttpChannel(channelOptions));
  const close = async () => {
    await Promise.all([controlChannel.close(), pullChannel.close()]);
  };
  const theirClock = deviceClock(clock);
  const { credentials, authentication: mode, id } = options;
  const login = authenticator({ credentials, mode, clock, skew: theirClock.skew, habits });
  const soap = soapClient({ device: id, clock, authenticator: login, habits });
  const ask: Ask = async (operation, url, to) => {
    const envelope = envelopeTemplate(operation, to === undefined ? undefined : { to });
    const timeoutMs = options.requestTimeoutMs;
    return (await soap.request({ operation, envelope, url, channel: controlChannel, timeoutMs, signal })).response;
  };
  try {
    const steps = describingSteps(habits);
    await steps.attempt('GetSystemDateAndTime', () =>
      measureClock(options, configured, controlChannel, theirClock, clock, signal),
    );
    const { profile, eventService, eventServiceAddress } = await describe(ask, configured, steps);
    steps.done();
    return {
      id,
      soap,
      clock: theirClock,
      profile,
      eventService,
      eventServiceAddress,
      pullChannel,
      controlChannel,
      requestTimeoutMs: options.requestTimeoutMs,
      reachable: (address) => reachableUrl(address, configured, eventService),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ask = (operation: SoapOperation, url: URL, to?: string) => Promise<XmlElement>;

/** Unauthenticated, since the login needs the result. What stops it is a device that is not there; anything else is no matter. */
async function measureClock(
  options: DeviceOptions,
  url: URL,
  channel: HttpChannel,
  theirClock: DeviceClock,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const envelope = envelopeTemplate(getSystemDateAndTime);
  const timeoutMs = options.requestTimeoutMs;
  const sentAt = clock.now();
  const body = envelope.render('');
  const headers = { 'content-type': `application/soap+xml; charset=utf-8; action="${getSystemDateAndTime.action}"` };
  const answer = await channel.post({ url, headers, body, timeoutMs, signal });
  let tree: XmlElement | null = null;
  try {
    tree = parseXml(answer.body);
  } catch {
    // The Date header may still tell.
  }
  const deviceTime = readSystemTime(tree, answer);
  if (deviceTime !== null) theirClock.measured(deviceTime, sentAt, clock.now());
}

async function describe(ask: Ask, configured: URL, { attempt, missing }: DescribingSteps) {
  const services =
    (await attempt('GetServices', async () => readServices(await ask(getServices, configured)))) ??
    (await attempt('GetCapabilities', async () => readCapabilityCategories(await ask(getCapabilities, configured)))) ??
    [];
  const information = await attempt('GetDeviceInformation', async () =>
    readDeviceInformation(await ask(getDeviceInformation, configured)),
  );
  const events = services.find((service) => service.namespace === NS.tev);
  // Without a word on it, events are asked for where everything else was answered.
  const eventServiceAddress = events?.address || configured.href;
  const eventService = reachableUrl(eventServiceAddress, configured, configured);
  const told = await attempt('GetServiceCapabilities', async () =>
    readEventServiceCapabilities(await ask(getEventServiceCapabilities, eventService, eventServiceAddress)),
  );
  const topicSet = await attempt('GetEventProperties', async () =>
    readTopicSet(await ask(getEventProperties, eventService, eventServiceAddress)),
  );
  const eventCapabilities = readEventCapabilities(told ?? events?.capabilities ?? {});
  const profile: DeviceProfile = { information, services, eventCapabilities, topicSet, missing };
  return { profile, eventService, eventServiceAddress };
}
