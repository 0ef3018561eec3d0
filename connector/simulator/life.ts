import type { Clock } from '../clock.ts';
import { MOTION_RULE, PRESETS, type Preset, type PresetName } from './preset.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import type { Items } from './simulated-event.ts';

/** Uniform in [0, 1). */
type Chance = () => number;

/** A step of a device's life: raises one or a few events. */
export type Life = () => void;

/** What the steps of one device are made with. */
interface Living {
  readonly device: SimulatedDevice;
  readonly parts: Preset;
  readonly chance: Chance;
  pick<T>(list: readonly T[]): T;
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  set(topic: string, source: Items, data: Items): void;
}

/** Steps with their weights: a step of weight 4 comes four times as often as one of weight 1. */
type Steps = readonly (readonly [weight: number, step: Life])[];

/** mulberry32: small, fast and the same on every machine. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A plausible endless life of one kind of device; the same seed tells the same story. */
export function deviceLife(device: SimulatedDevice, preset: PresetName, chance: Chance): Life {
  const below = (end: number) => Math.floor(chance() * end);
  const living: Living = {
    ...{ device, parts: PRESETS[preset], chance, below },
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    set: (topic, source, data) => void device.setProperty(topic, { source, data }),
  };
  const own = preset === 'camera' ? cameraSteps(living) : controllerSteps(living);
  return weighted([...commonSteps(living), ...own], chance);
}

function weighted(steps: Steps, chance: Chance): Life {
  const total = steps.reduce((sum, [weight]) => sum + weight, 0);
  return () => {
    let left = chance() * total;
    for (const [weight, live] of steps) {
      left -= weight;
      if (left < 0) return live();
    }
  };
}

/** false, true, false, … */
function toggle(): () => boolean {
  let state = false;
  return () => {
    state = !state;
    return state;
  };
}

/** Core 8.9, Device IO 5.10. */
function commonSteps({ parts, set, pick, below }: Living): Steps {
  const input = toggle();
  const relay = toggle();
  const cabinet = toggle();
  return [
    [3, () => set('tns1:Monitoring/ProcessorUsage', { Token: 'Processor_1' }, { Value: below(1000) / 10 })],
    [1, () => set('tns1:Monitoring/EnvironmentalConditions/Temperature', {}, { Status: 25 + below(200) / 10 })],
    [4, () => set('tns1:Device/Trigger/DigitalInput', { InputToken: pick(parts.inputs) }, { LogicalState: input() })],
    [
      1,
      () => {
        const data = { LogicalState: relay() ? 'active' : 'inactive' };
        set('tns1:Device/Trigger/Relay', { RelayToken: pick(parts.relays) }, data);
      },
    ],
    [1, () => set('tns1:Device/acme:Cabinet/Opened', { CabinetToken: 'Cabinet_1' }, { Opened: cabinet() })],
  ];
}

function cameraSteps({ device, parts, set, pick, below }: Living): Steps {
  const moving = toggle();
  let people = 0;
  const motion = () => {
    const state = moving();
    // As on most cameras: one occurrence, two topics, one time.
    set('tns1:RuleEngine/CellMotionDetector/Motion', MOTION_RULE, { IsMotion: state });
    set('tns1:VideoSource/MotionAlarm', { Source: pick(parts.videoSources) }, { State: state });
  };
  const crossed = () => {
    people += 1;
    const source = { VideoSource: 'VideoSource_1', Rule: 'Gate' };
    device.emit('tns1:RuleEngine/LineDetector/Crossed', { source, data: { ObjectId: String(people) } });
  };
  const loitering = () => {
    const data = { Seconds: 20 + below(60), Score: below(100) / 100 };
    device.emit('acme:Analytics/Loitering', { source: { Zone: 'Yard' }, data });
  };
  return [
    [10, motion],
    [3, crossed],
    [1, loitering],
  ];
}

function controllerSteps(living: Living): Steps {
  let battery = 98;
  const drain = () => {
    battery = battery < 22 ? 98 : battery - 2;
    living.set('tns1:Monitoring/BatteryCapacity', {}, { PercentageRemainingCapacity: battery });
  };
  return [
    [12, () => passage(living)],
    [4, () => denied(living)],
    [1, drain],
  ];
}

function person({ below }: Living): { readonly CredentialToken: string; readonly CredentialHolderName: string } {
  const number = below(500);
  return { CredentialToken: String(number).padStart(4, '0'), CredentialHolderName: `Holder ${number}` };
}

/** Access Control 6.3-6.5: granted, the door, taken or not. */
function passage(living: Living): void {
  const { device, parts, set, pick, chance } = living;
  const source = { AccessPointToken: pick(parts.accessPoints) };
  const door = { DoorToken: pick(parts.doors) };
  const data = person(living);
  device.emit('tns1:AccessControl/AccessGranted/Credential', { source, data: { External: false, ...data } });
  set('tns1:Door/State/DoorMode', door, { State: 'Accessed' });
  if (chance() < 0.1) {
    device.emit('tns1:AccessControl/AccessNotTaken/Credential', { source, data });
  } else {
    set('tns1:Door/State/DoorPhysicalState', door, { State: 'Open' });
    device.emit('tns1:AccessControl/AccessTaken/Credential', { source, data });
    set('tns1:Door/State/DoorPhysicalState', door, { State: 'Closed' });
  }
  set('tns1:Door/State/DoorMode', door, { State: 'Locked' });
}

/** Access Control 6.6: the reasons a device may give. */
const REASONS = ['CredentialNotEnabled', 'CredentialExpired', 'InvalidPIN', 'NotPermittedAtThisTime', 'Unauthorized'];

function denied(living: Living): void {
  const { device, parts, pick, chance, below } = living;
  const source = { AccessPointToken: pick(parts.accessPoints) };
  if (chance() < 0.3) {
    const IdentifierValue = below(0xffffffff).toString(16).toUpperCase().padStart(8, '0');
    const data = { IdentifierType: 'pt:Card', FormatType: 'WIEGAND26', IdentifierValue };
    device.emit('tns1:AccessControl/Denied/CredentialNotFound', { source, data });
    return;
  }
  const data = { External: false, ...person(living), Reason: pick(REASONS) };
  device.emit('tns1:AccessControl/Denied/Credential', { source, data });
}

const SHORTEST_TICK_MS = 10;

/**
 * Raises `rate` events a second until the returned function is called; `live` makes a step and says how many events it
 * raised. Late ticks catch up.
 */
export function livingAt(rate: number, clock: Clock, live: () => number): () => void {
  if (rate <= 0) return () => {};
  const start = clock.monotonic();
  let raised = 0;
  let stop = () => {};
  const tick = () => {
    const due = Math.floor(((clock.monotonic() - start) * rate) / 1000);
    while (raised < due) raised += live();
    stop = clock.after(Math.max(SHORTEST_TICK_MS, 1000 / rate), tick);
  };
  tick();
  return () => stop();
}
