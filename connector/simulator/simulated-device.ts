import type { Clock } from '../clock.ts';
import { deviceEvents } from './device-events.ts';
import { type DevicePower, devicePower, type PowerCycle } from './device-power.ts';
import { type EventFaults, eventFaults } from './event-faults.ts';
import { type EventStore, eventStore } from './event-store.ts';
import type { Flow } from './flow.ts';
import { type DeviceLedger, type LedgerBook, ledgerBook } from './ledger.ts';
import { type Line, line } from './line.ts';
import { deviceLoad, type Load, type LoadOptions } from './load.ts';
import type { NotifyPolicy } from './notification-channel.ts';
import type { NotificationStyle } from './notification-text.ts';
import type { Preset } from './preset.ts';
import { type PropertyState, type PropertyStore, propertyStore } from './property-store.ts';
import type { Quirks } from './quirks.ts';
import { type GuestManners, type RequestStatistics, requestStatistics } from './request-statistics.ts';
import type { EventDetails, SimulatedEvent } from './simulated-event.ts';
import { type Subscriptions, subscriptions } from './subscriptions.ts';
import type { ViolationList } from './violations.ts';
import { readDateTime } from './wire-time.ts';

/** A subscription that lives. */
export interface SubscriptionFacts {
  readonly id: string;
  readonly flow: Flow;
  /** `stranger`: opened by the simulator, in the name of another client. */
  readonly owner: 'client' | 'stranger';
  readonly address: string;
  /** ms since 1970 on the simulator's wall clock, as `expiresAt`. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Messages that wait. */
  readonly waiting: number;
}

/** What a test does to a device and reads from it. Times are in milliseconds. */
export interface SimulatedDevice {
  readonly id: string;
  /** The device service's URL, to be put into a configuration. */
  readonly address: string;
  readonly preset: string;
  /** Milliseconds the device's clock is ahead of ours; settable. */
  clockOffset: number;
  /** The device's clock makes a step. */
  clockStep(ms: number): void;
  /** Raises one event; with an `operation` a property of the store changes with it. Returns its running number. */
  emit(topic: string, details?: EventDetails): number;
  /** The same `count` times; `{number}` in a text of Data stands for the running number. Returns the last one. */
  emitMany(topic: string, count: number, details?: EventDetails): number;
  /** Initialized where the property is new, Changed otherwise. */
  setProperty(topic: string, details: EventDetails): number;
  /** Deleted; throws where there is no such property. */
  deleteProperty(topic: string, details: EventDetails): number;
  /** Drops connections and subscriptions, is deaf for `downMs` (default 500), comes back with LastReboot and first states. */
  reboot(downMs?: number): void;
  /** The same, with what else a power cycle may bring; property states outlive it unless told otherwise. */
  powerCycle(options?: PowerCycle): void;
  /** Ends every subscription, without a word to anybody. */
  endSubscriptions(): void;
  /** Opens pull points in the name of another client. */
  openStrangers(count: number, lifetimeMs?: number): void;
  /** Takes another password from now on; null: the one it had at the start. Without credentials it does nothing. */
  changePassword(password: string | null): void;
  /** Persistent storage: forgets the oldest `count`; returns how many there were. 0 without such a store. */
  dropStored(count: number): number;
  /** Persistent storage: keeps so many from now on. */
  limitStored(limit: number): void;
  /** What lies between the device and its clients. */
  readonly line: Line;
  /** Live subscriptions of both kinds. */
  readonly subscriptions: number;
  readonly openSubscriptions: readonly SubscriptionFacts[];
  /** Live properties, in the order of their creation. */
  readonly propertyList: readonly PropertyState[];
  /** Requests by operation. */
  readonly requests: ReadonlyMap<string, number>;
  readonly manners: GuestManners;
  readonly stored: { readonly size: number; readonly limit: number } | null;
  readonly ledger: DeviceLedger;
}

export interface DeviceLimits {
  readonly maxTimeoutMs: number;
  readonly maxMessageLimit: number;
  readonly maxPullPoints: number;
  /** 0: no base notification. */
  readonly maxNotificationProducers: number;
  /** Messages a subscription keeps; the oldest goes when one more comes. */
  readonly queueLimit: number;
  readonly defaultLifetimeMs: number;
  readonly maxLifetimeMs: number;
}

export interface DeviceOptions {
  readonly id: string;
  readonly index: number;
  readonly preset: Preset;
  readonly quirks: Quirks;
  readonly clock: Clock;
  readonly limits: DeviceLimits;
  readonly notify: Omit<NotifyPolicy, 'copies' | 'reordered'>;
  /** Events kept; null: no persistent storage. */
  readonly persistentStorage: number | null;
  readonly load: LoadOptions | undefined;
  readonly clockOffset: number;
  readonly violations: ViolationList;
  /** Uniform in [0, 1), seeded. */
  readonly chance: () => number;
  /** Which kinds of credentials it takes; none of them: it takes everybody. */
  readonly credentials: { readonly digest: boolean; readonly usernameToken: boolean };
  readonly changePassword: (password: string | null) => void;
  /** Closes every connection the device was spoken to on. */
  readonly dropConnections: () => void;
  /** Whether the device's port is to refuse connections. */
  readonly refuseConnections: (refuse: boolean) => void;
  /** Nothing is answered on the connections that are open now. */
  readonly deafenConnections: () => void;
}

/** The inside of a device, for its services. */
export interface DeviceState extends SimulatedDevice {
  address: string;
  /** `http://host:port` of a subscription manager with a port of its own. */
  managerBase: string | null;
  readonly options: DeviceOptions;
  readonly ledger: LedgerBook;
  readonly faults: EventFaults;
  readonly subscribed: Subscriptions;
  readonly store: EventStore | null;
  readonly properties: PropertyStore;
  readonly load: Load | null;
  readonly style: NotificationStyle;
  readonly statistics: RequestStatistics;
  /** While true every connection is refused. */
  readonly down: boolean;
  /** The device's own clock, ms since 1970. */
  now(): number;
  /** Core 9.5: all live properties as Initialized messages. */
  propertyStates(): readonly SimulatedEvent[];
  stop(): void;
}

const STRANGER_LIFETIME_MS = 3_600_000;
/** The store was put into use a day before the simulation: nothing happened until then. */
const STORE_AGE_MS = 86_400_000;

export function simulatedDevice(options: DeviceOptions): DeviceState {
  const { clock, preset, quirks, id } = options;
  let clockOffset = options.clockOffset + quirkOffset(quirks);
  const setOffset = (ms: number) => {
    clockOffset = ms;
  };
  const now = () => clock.now() + clockOffset;
  const ledger = ledgerBook(id);
  const properties = propertyStore();
  const faults = eventFaults(now);
  const statistics = requestStatistics(clock);
  const { limits, persistentStorage } = options;
  const kept = { queueLimit: limits.queueLimit, storeLimit: persistentStorage ?? 0 };
  const subscribed = subscriptions({ clock, faults, ledger, ...kept });
  const store = options.persistentStorage === null ? null : eventStore(options.persistentStorage, now() - STORE_AGE_MS);
  const wire = line({
    ...{ clock, chance: options.chance },
    onRefused(refused) {
      if (refused) options.dropConnections();
      options.refuseConnections(refused || power.down);
    },
    onSilent: options.deafenConnections,
  });
  const style = styleOf(options);
  const openStrangers = strangerOpener(subscribed);
  const power: DevicePower = devicePower({
    ...{ clock, properties, subscribed, openStrangers, now, preset, burst: quirks.value('initial-burst') ?? 0 },
    setClock: (time) => setOffset(time - clock.now()),
    onDown(down) {
      if (down) options.dropConnections();
      // Out of threads: cured by a reboot.
      else wire.refuseSubscriptions(0);
      options.refuseConnections(down || wire.refused);
    },
  });
  const events = deviceEvents({
    ...{ id, ledger, properties, now },
    offer: (raised) => subscribed.offer(raised.filter((event) => isTold(event, quirks))),
    store: (event) => store?.add(event, readDateTime(event.utcTime) ?? now()),
  });
  const state: Omit<DeviceState, keyof DeviceViews> = {
    ...{ id, address: '', managerBase: null, preset: preset.name, options, ledger, faults, subscribed, properties },
    ...{ now, style, store, statistics, requests: statistics.requests, line: wire, openStrangers },
    load: options.load ? deviceLoad(options.load, style, clock.monotonic) : null,
    ...events,
    emitMany(topic, count, details) {
      for (let n = 1; n < count; n++) events.emit(topic, details);
      return events.emit(topic, details);
    },
    clockStep: (ms) => setOffset(clockOffset + ms),
    reboot: (downMs) => power.cycle({ ...(downMs === undefined ? {} : { downMs }), forgetProperties: true }, 'reboot'),
    powerCycle: (cycle = {}) => power.cycle(cycle, 'power cycle'),
    endSubscriptions: () => subscribed.endAll('ended by the device'),
    changePassword: options.changePassword,
    dropStored: (count) => store?.dropOldest(count) ?? 0,
    limitStored: (limit) => store?.setLimit(limit),
    propertyStates: () => properties.all().map(stateMessage),
    stop() {
      power.stop();
      wire.stop();
      subscribed.endAll('stopped');
    },
  };
  return withViews(state, {
    down: () => power.down,
    subscriptions: () => subscribed.count(),
    openSubscriptions: () => subscribed.all().map(factsOf),
    propertyList: () => properties.all(),
    manners: () => statistics.manners,
    stored: () => store && { size: store.size, limit: store.limit },
    clockOffset: { get: () => clockOffset, set: setOffset },
  });
}

/** Milliseconds the clock is ahead by nature. */
function quirkOffset(quirks: Quirks): number {
  return ((quirks.value('clock-skew') ?? 0) + (quirks.value('local-time-as-utc') ?? 0)) * 1000;
}

function styleOf({ id, quirks }: DeviceOptions): NotificationStyle {
  return { producer: `urn:uuid:${endpointUuid(quirks.has('shared-endpoint') ? 'shared' : id)}`, quirks };
}

/** Core 9.8: pull points are shared with all other clients. */
function strangerOpener(subscribed: Subscriptions) {
  return (count: number, lifetimeMs = STRANGER_LIFETIME_MS): void => {
    const addressOf = (id: string) => `urn:stranger:${id}`;
    const wanted = { lifetimeMs, addressOf, accepts: () => true, takesLoad: false, owner: 'stranger' as const };
    for (let n = 0; n < count; n++) subscribed.openPullPoint(wanted);
  };
}

type DeviceViews = Pick<
  DeviceState,
  'down' | 'subscriptions' | 'openSubscriptions' | 'propertyList' | 'manners' | 'stored' | 'clockOffset'
>;
type Views = {
  [K in Exclude<keyof DeviceViews, 'clockOffset'>]: () => DeviceViews[K];
} & { readonly clockOffset: { get(): number; set(ms: number): void } };

/** Adds what is read anew each time. */
function withViews(state: Omit<DeviceState, keyof DeviceViews>, views: Views): DeviceState {
  for (const [name, view] of Object.entries(views))
    Object.defineProperty(state, name, { enumerable: true, ...(typeof view === 'function' ? { get: view } : view) });
  return state as DeviceState;
}

function factsOf({ id, flow, owner, address, createdAt, channel }: ReturnType<Subscriptions['all']>[number]) {
  const expiresAt = Date.now() + Math.round(channel.remaining());
  return { id, flow, owner, address, createdAt, expiresAt, waiting: channel.waiting };
}

/** What the device keeps to itself. */
function isTold({ operation, data }: SimulatedEvent, quirks: Quirks): boolean {
  if (operation === 'Deleted' && quirks.has('no-deleted')) return false;
  return !(operation === 'Changed' && quirks.has('no-false') && Object.values(data).includes(false));
}

function stateMessage(state: PropertyState): SimulatedEvent {
  return { number: 0, operation: 'Initialized', ...state };
}

/** Core 7.3.1: a stable endpoint UUID, made of the device's id. */
export function endpointUuid(id: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const hex = hash.toString(16).padStart(16, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a000-${hex.slice(0, 12)}`;
}
