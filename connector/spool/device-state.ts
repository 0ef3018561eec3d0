import { FatalError } from '../errors.ts';
import type { PropertyChange, PropertyState } from '../normalize/property-ledger.ts';
import type { LearnedProfile } from '../subscription/learned-profile.ts';
import { sealJson, unsealJson } from './sealed-json.ts';
import type { DeviceCheckpoint } from './spool.ts';
import { MAX_NAME_BYTES, type Store, type Write } from './store.ts';

/**
 * What is known of each device: its checkpoint and its property ledger, in memory and in databases.
 *
 *     checkpoints   key = device (UTF-8)                     value = sealed DeviceCheckpoint
 *     properties    key = device %x00 slot:u32be             value = sealed PropertyState
 *     meta          key = "learned" %x00 device              value = sealed LearnedProfile
 *
 * A slot stands for an identity because identities are as long as a device makes them, and LMDB's keys are not.
 */
export interface DeviceState {
  checkpoint(device: string): DeviceCheckpoint | undefined;
  properties(device: string): readonly PropertyState[];
  /** undefined where nothing was learned, or it cannot be read: then it is learned again. */
  learned(device: string): unknown;
  learn(device: string, profile: LearnedProfile): void;
  /** Throws FatalError `spool-bad-name` for a device id that cannot be stored. */
  assertName(device: string): void;
  /** Known here at once (a worker that restarts must see what is on its way to disk), stored with the next `takeWrites`. */
  apply(device: string, checkpoint: DeviceCheckpoint, changes: readonly PropertyChange[]): void;
  /** The changes since the last call; the last state of each, however often it changed. */
  takeWrites(): Write[];
}

interface Slot {
  readonly key: Buffer;
  state: PropertyState | null;
  changed: boolean;
}

interface Device {
  readonly key: Buffer;
  checkpoint: DeviceCheckpoint | undefined;
  changed: boolean;
  readonly slots: Map<string, Slot>;
  nextSlot: number;
  /** Keys of removed properties, to be used again: a device may make and remove them for ever. */
  readonly freeKeys: Buffer[];
}

/** Reads all of it. Throws FatalError `spool-damaged` where an entry cannot be read. */
export function loadDeviceState(store: Store): DeviceState {
  const devices = readDevices(store);
  const learned = readLearned(store);
  const newlyLearned = new Set<string>();
  let changedDevices: Device[] = [];
  let changedSlots: Slot[] = [];

  function changeProperty(device: Device, { identity, data, epoch, initialized, subject }: PropertyChange): void {
    let slot = device.slots.get(identity);
    if (slot === undefined) {
      if (data === null) return;
      slot = { key: device.freeKeys.pop() ?? slotKey(device.key, device.nextSlot++), state: null, changed: false };
      device.slots.set(identity, slot);
    }
    slot.state = data === null ? null : { identity, data, epoch, initialized, subject };
    if (data === null) {
      // Whoever takes the key over is written after this removal: changes are written in the order they came.
      device.slots.delete(identity);
      device.freeKeys.push(slot.key);
    }
    if (!slot.changed) changedSlots.push(slot);
    slot.changed = true;
  }

  return {
    checkpoint: (name) => devices.get(name)?.checkpoint,
    properties(name) {
      const states: PropertyState[] = [];
      for (const { state } of devices.get(name)?.slots.values() ?? []) if (state !== null) states.push(state);
      return states;
    },
    learned: (name) => learned.get(name),
    learn(name, profile) {
      deviceNamed(devices, name);
      learned.set(name, profile);
      newlyLearned.add(name);
    },
    assertName(name) {
      deviceNamed(devices, name);
    },
    apply(name, checkpoint, changes) {
      const device = deviceNamed(devices, name);
      device.checkpoint = checkpoint;
      if (!device.changed) changedDevices.push(device);
      device.changed = true;
      for (const change of changes) changeProperty(device, change);
    },
    takeWrites() {
      const writes: Write[] = [];
      for (const device of changedDevices) {
        device.changed = false;
        writes.push({ table: 'checkpoints', key: device.key, value: sealJson(device.checkpoint) });
      }
      for (const slot of changedSlots) {
        slot.changed = false;
        writes.push({ table: 'properties', key: slot.key, value: slot.state === null ? null : sealJson(slot.state) });
      }
      for (const name of newlyLearned) {
        writes.push({ table: 'meta', key: Buffer.from(LEARNED + name), value: sealJson(learned.get(name)) });
      }
      newlyLearned.clear();
      changedDevices = [];
      changedSlots = [];
      return writes;
    },
  };
}

const LEARNED = 'learned\0';

function readLearned(store: Store): Map<string, unknown> {
  const learned = new Map<string, unknown>();
  for (const { key, value } of store.entries('meta')) {
    const name = key.toString();
    if (name.startsWith(LEARNED)) learned.set(name.slice(LEARNED.length), unsealJson(value));
  }
  return learned;
}

function readDevices(store: Store): Map<string, Device> {
  const devices = new Map<string, Device>();
  for (const { key, value } of store.entries('checkpoints')) {
    const device = deviceNamed(devices, key.toString());
    device.checkpoint = (unsealJson(value) ?? damaged('checkpoint', device.key)) as DeviceCheckpoint;
  }
  for (const { key, value } of store.entries('properties')) {
    const device = deviceNamed(devices, key.toString('utf8', 0, key.length - 5));
    const state = (unsealJson(value) ?? damaged('property', device.key)) as PropertyState;
    device.slots.set(state.identity, { key, state, changed: false });
    device.nextSlot = Math.max(device.nextSlot, key.readUInt32BE(key.length - 4) + 1);
  }
  return devices;
}

function deviceNamed(devices: Map<string, Device>, name: string): Device {
  let device = devices.get(name);
  if (device === undefined) {
    device = {
      key: Buffer.from(name),
      checkpoint: undefined,
      changed: false,
      slots: new Map(),
      nextSlot: 0,
      freeKeys: [],
    };
    if (device.key.length === 0 || device.key.length > MAX_NAME_BYTES)
      throw new FatalError(
        'spool-bad-name',
        `A device id must have 1 to ${MAX_NAME_BYTES} bytes: ${name.slice(0, 80)}`,
      );
    devices.set(name, device);
  }
  return device;
}

function slotKey(device: Buffer, slot: number): Buffer {
  const key = Buffer.alloc(device.length + 5);
  device.copy(key);
  key.writeUInt32BE(slot, device.length + 1);
  return key;
}

function damaged(what: string, device: Buffer): never {
  throw new FatalError('spool-damaged', `a ${what} of device ${device.toString()} cannot be read`);
}
