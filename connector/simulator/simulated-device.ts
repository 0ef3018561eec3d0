import type { Clock } from '../clock.ts';
import { deviceEvents } from './device-events.ts';
import { type EventFaults, eventFaults } from './event-faults.ts';
import { type DeviceLedger, type LedgerBook, ledgerBook } from './ledger.ts';
import { deviceLoad, type Load, type LoadOptions, sampleOf } from './load.ts';
import type { NotificationStyle } from './notification-text.ts';
import type { Preset } from './preset.ts';
import { type PropertyState, type PropertyStore, propertyStore } from './property-store.ts';
import { type PullPoints, pullPoints } from './pull-points.ts';
import type { Quirks } from './quirks.ts';
import type { EventDetails, SimulatedEvent } from './simulated-event.ts';
import type { ViolationList } from './violations.ts';
import { writeSeconds } from './wire-time.ts';

/** What a test does to a device and reads from it. */
export interface SimulatedDevice {
  readonly id: string;
  /** The device service's URL, to be put into a configuration. */
  readonly address: string;
  readonly preset: string;
  /** Milliseconds the device's clock is ahead of ours; settable. */
  clockOffset: number;
  /** Raises one event; with an `operation` a property of the store changes with it. Returns its running number. */
  emit(topic: string, details?: EventDetails): number;
  /** Initialized where the property is new, Changed otherwise. */
  setProperty(topic: string, details: EventDetails): number;
  /** Deleted; throws where there is no such property. */
  deleteProperty(topic: string, details: EventDetails): number;
  /** Drops connections and subscriptions, is deaf for `downMs` (default 500), comes back with LastReboot set. */
  reboot(downMs?: number): void;
  /** Ends every subscription, without a word to anybody. */
  endSubscriptions(): void;
  readonly subscriptions: number;
  readonly ledger: DeviceLedger;
}

export interface DeviceLimits {
  readonly maxTimeoutMs: number;
  readonly maxMessageLimit: number;
  readonly maxPullPoints: number;
  /** Messages a pull point keeps; the oldest goes when one more comes. */
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
  readonly load: LoadOptions | undefined;
  readonly clockOffset: number;
  readonly violations: ViolationList;
  /** Which kinds of credentials it takes; none of them: it takes everybody. */
  readonly credentials: { readonly digest: boolean; readonly usernameToken: boolean };
  /** Closes every connection the device was spoken to on. */
  readonly dropConnections: () => void;
}

/** The inside of a device, for its services. */
export interface DeviceState extends SimulatedDevice {
  address: string;
  readonly options: DeviceOptions;
  readonly ledger: LedgerBook;
  readonly faults: EventFaults;
  readonly pullPoints: PullPoints;
  readonly properties: PropertyStore;
  readonly load: Load | null;
  readonly style: NotificationStyle;
  /** Requests by operation, for rate counters. */
  readonly requests: Map<string, number>;
  /** While true every connection is refused. */
  readonly down: boolean;
  /** The device's own clock, ms since 1970. */
  now(): number;
  /** Core 9.5: all live properties as Initialized messages. */
  propertyStates(): readonly SimulatedEvent[];
  stop(): void;
}

const DOWN_MS = 500;

export function simulatedDevice(options: DeviceOptions): DeviceState {
  const { clock, preset, quirks } = options;
  let clockOffset = options.clockOffset + (quirks.value('clock-skew') ?? 0) * 1000;
  let stopReboot = () => {};
  let down = false;
  const ledger = ledgerBook(options.id);
  const properties = propertyStore();
  const now = () => clock.now() + clockOffset;
  const faults = eventFaults(now);
  const points = pullPoints({ clock, faults, ledger, queueLimit: options.limits.queueLimit });
  const style = styleOf(options);
  const boot = () => {
    properties.clear();
    const utcTime = writeSeconds(now());
    for (const state of preset.properties(utcTime)) properties.set({ ...state, key: {}, utcTime });
  };
  boot();
  return {
    ...{ id: options.id, address: '', preset: preset.name, options, ledger, faults, pullPoints: points, properties },
    ...{
      now,
      style,
      load: options.load ? deviceLoad(options.load, style, clock.monotonic) : null,
      requests: new Map(),
    },
    ...deviceEvents({ id: options.id, ledger, properties, now, offer: points.offer }),
    get down() {
      return down;
    },
    get clockOffset() {
      return clockOffset;
    },
    set clockOffset(ms) {
      clockOffset = ms;
    },
    get subscriptions() {
      return points.count;
    },
    reboot(downMs = DOWN_MS) {
      down = true;
      points.endAll('reboot');
      options.dropConnections();
      stopReboot();
      stopReboot = clock.after(downMs, () => {
        down = false;
        boot();
      });
    },
    endSubscriptions: () => points.endAll('ended by the device'),
    propertyStates: () => properties.all().map(stateMessage),
    stop() {
      stopReboot();
      points.endAll('stopped');
    },
  };
}

function stateMessage(state: PropertyState): SimulatedEvent {
  return { number: 0, operation: 'Initialized', ...state };
}

function styleOf({ quirks, id }: DeviceOptions): NotificationStyle {
  return {
    producer: `urn:uuid:${endpointUuid(id)}`,
    prefixEveryLevel: quirks.has('prefix-every-level'),
    severalMessages: quirks.has('several-messages'),
    placeholders: quirks.has('placeholder-notification'),
    deletedWithoutData: quirks.has('deleted-without-data'),
    upperCaseBooleans: quirks.has('upper-case-booleans'),
  };
}

/** Core 7.3.1: a stable endpoint UUID, made of the device's id. */
export function endpointUuid(id: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const hex = hash.toString(16).padStart(16, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a000-${hex.slice(0, 12)}`;
}

/** The topics a device describes; under load the sample's items are part of it. */
export function describedTopics({ preset, load }: DeviceOptions): Preset['topics'] {
  if (!load) return preset.topics;
  const sample = sampleOf(load.kind, load.intervalMs !== undefined);
  const item = (name: string, type: string) => ({ name, type, element: false });
  const source = Object.keys(sample.source).map((name) => item(name, 'tt:ReferenceToken'));
  const types: Record<string, string> = { External: 'xsd:boolean', State: 'xsd:boolean', SentAt: 'xsd:double' };
  const data = Object.keys(sample.data).map((name) => item(name, types[name] ?? 'xsd:string'));
  const entry = { topic: sample.topic, isProperty: sample.operation !== null, source, key: [], data };
  return [...preset.topics.filter(({ topic }) => topic !== sample.topic), entry];
}
