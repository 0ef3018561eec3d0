import { ConfigurationError } from '../errors.ts';
import { eventDetails } from './event-details.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import { ownTopicLevels } from './topic-path.ts';
import { readDateTime } from './wire-time.ts';

/** What an order does; the answer is what the control API says. */
export type DeviceOrder = (device: SimulatedDevice) => Readonly<Record<string, unknown>>;
export type VerbArguments = Readonly<Record<string, unknown>>;

/** One thing that can be done to a device from outside, by the control API and by a scenario's step alike. */
export interface DeviceVerb {
  /** The argument that stands behind the verb in a scenario's step. */
  readonly main: string;
  /** All others. */
  readonly others: readonly string[];
  /** Throws ConfigurationError where the arguments are none. */
  read(given: VerbArguments): DeviceOrder;
}

const DETAILS = ['source', 'key', 'data', 'utcTime', 'operation'];
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function event(
  name: string,
  act: (device: SimulatedDevice, topic: string, given: VerbArguments) => number,
): DeviceVerb {
  return {
    main: 'topic',
    others: name === 'emit' ? [...DETAILS, 'count'] : DETAILS,
    read(given) {
      const topic = given.topic;
      if (topic === undefined) throw wrong('topic is missing');
      if (typeof topic !== 'string') throw wrong(`${name} names a topic`);
      ownTopicLevels(topic);
      eventDetails(given, name);
      numberIn(given, 'count', 1);
      return (device) => ({ number: act(device, topic, given) });
    },
  };
}

/** A verb whose main argument is a time. */
function spell(main: string, act: (device: SimulatedDevice, ms: number | undefined) => void): DeviceVerb {
  return {
    ...{ main, others: [] },
    read(given) {
      const ms = timeIn(given, main);
      return done((device) => act(device, ms));
    },
  };
}

function odds(act: (device: SimulatedDevice, probability: number, ms: number | undefined) => void): DeviceVerb {
  return {
    ...{ main: 'probability', others: ['forMs'] },
    read(given) {
      const probability = numberIn(given, 'probability') ?? 1;
      if (probability < 0 || probability > 1) throw wrong('probability is a number from 0 to 1');
      const ms = timeIn(given, 'forMs');
      return done((device) => act(device, probability, ms));
    },
  };
}

/** Everything that can be ordered, by name. */
export const DEVICE_VERBS: Readonly<Record<string, DeviceVerb>> = {
  emit: event('emit', (device, topic, given) =>
    device.emitMany(topic, numberIn(given, 'count') ?? 1, eventDetails(given, 'emit')),
  ),
  set: event('set', (device, topic, given) => device.setProperty(topic, eventDetails(given, 'set'))),
  delete: event('delete', (device, topic, given) => device.deleteProperty(topic, eventDetails(given, 'delete'))),
  reboot: spell('downMs', (device, ms) => device.reboot(ms)),
  'power-cycle': { main: 'downMs', others: ['clock', 'recycleIds', 'strangers', 'forgetProperties'], read: powerCycle },
  clock: { main: 'stepMs', others: ['offsetMs'], read: clock },
  'unsubscribe-all': { main: 'all', others: [], read: () => done((device) => device.endSubscriptions()) },
  strangers: { main: 'count', others: ['lifetimeMs'], read: strangers },
  'cut-off': spell('forMs', (device, ms) => device.line.refuse(ms ?? Number.POSITIVE_INFINITY)),
  'half-open': spell('forMs', (device, ms) => device.line.silence(ms ?? Number.POSITIVE_INFINITY)),
  unavailable: spell('forMs', (device, ms) => device.line.overload(ms ?? Number.POSITIVE_INFINITY)),
  'refuse-subscriptions': spell('forMs', (device, ms) =>
    device.line.refuseSubscriptions(ms ?? Number.POSITIVE_INFINITY),
  ),
  'cut-answers': odds((device, probability, ms) => device.line.cutAnswers(probability, ms)),
  'reset-connections': odds((device, probability, ms) => device.line.resetConnections(probability, ms)),
  calm: { main: 'all', others: [], read: () => done((device) => device.line.calm()) },
  password: { main: 'password', others: [], read: password },
  'drop-stored': {
    ...{ main: 'count', others: [] },
    read(given) {
      const count = numberIn(given, 'count', 0) ?? 0;
      return (device) => ({ dropped: device.dropStored(count) });
    },
  },
  'store-limit': {
    ...{ main: 'limit', others: [] },
    read(given) {
      const limit = numberIn(given, 'limit', 0);
      if (limit === undefined) throw wrong('limit is missing');
      return done((device) => device.limitStored(limit));
    },
  },
};

function powerCycle(given: VerbArguments): DeviceOrder {
  const downMs = timeIn(given, 'downMs');
  const strangersCount = numberIn(given, 'strangers', 0);
  const time = given.clock === undefined ? null : readDateTime(String(given.clock));
  if (given.clock !== undefined && time === null) throw wrong('clock is a dateTime like 2017-12-31T16:00:00Z');
  const [recycleIds, forgetProperties] = [flagIn(given, 'recycleIds'), flagIn(given, 'forgetProperties')];
  return done((device) =>
    device.powerCycle({
      ...{ recycleIds, forgetProperties },
      ...(downMs === undefined ? {} : { downMs }),
      ...(strangersCount === undefined ? {} : { strangers: strangersCount }),
      ...(time === null ? {} : { clock: time }),
    }),
  );
}

function clock(given: VerbArguments): DeviceOrder {
  const stepMs = timeIn(given, 'stepMs', true);
  const { offsetMs } = given;
  if (stepMs === undefined && typeof offsetMs !== 'number') throw wrong('offsetMs is a number of milliseconds');
  return done((device) => {
    if (typeof offsetMs === 'number') device.clockOffset = offsetMs;
    if (stepMs !== undefined) device.clockStep(stepMs);
  });
}

function strangers(given: VerbArguments): DeviceOrder {
  const count = numberIn(given, 'count', 0) ?? 1;
  const lifetimeMs = timeIn(given, 'lifetimeMs');
  return done((device) => device.openStrangers(count, lifetimeMs));
}

function password(given: VerbArguments): DeviceOrder {
  const text = given.password ?? null;
  if (text !== null && typeof text !== 'string') throw wrong('password is text, or null for the first one');
  return done((device) => device.changePassword(text));
}

function done(act: (device: SimulatedDevice) => void): DeviceOrder {
  return (device) => {
    act(device);
    return {};
  };
}

/** A number of milliseconds, or text like 500ms, 2s, 1m. Throws ConfigurationError. */
export function timeIn(given: VerbArguments, name: string, signed = false): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  const found = typeof value === 'string' ? /^([+-]?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) : null;
  const ms = found ? Number(found[1]) * (UNITS[found[2] as string] as number) : typeof value === 'number' ? value : NaN;
  if (Number.isNaN(ms) || (ms < 0 && !signed))
    throw wrong(`a time like 500ms, 2s, 1m is wanted, not "${String(value)}"`);
  return ms;
}

function numberIn(given: VerbArguments, name: string, least?: number): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && (least === undefined || (Number.isInteger(value) && value >= least))) return value;
  throw wrong(`${name} is a ${least === undefined ? '' : 'whole '}number`);
}

function flagIn(given: VerbArguments, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value !== 'boolean') throw wrong(`${name} is true or false`);
  return value;
}

function wrong(what: string): ConfigurationError {
  return new ConfigurationError('simulator-verb', what);
}
