import { propertyIdentity } from './property-identity.ts';
import type { SpooledRecord, StateTable } from './spool.ts';

/** Properties kept per device: those a device makes for every object it sees and never deletes (devices: 38) stay bounded. */
export const MOST_STATES = 20_000;

/** One entry of the table of states. */
export interface StateSlot {
  readonly key: Buffer;
  state: SpooledRecord | null;
  /** Since it was last taken to be written. */
  changed: boolean;
}

/** The states of all devices in memory, and what of them is to be written. */
export interface StateSlots {
  devices(): readonly string[];
  of(device: string): SpooledRecord[];
  all(): SpooledRecord[];
  /** What a record of the log does to them. */
  take(entry: SpooledRecord): void;
  /** @param upTo what the log tells of the device up to this offset is not taken any more */
  forget(device: string, upTo: number): void;
  /** Those that changed since the last call, in the order they did. Whoever writes one says so in `changed`. */
  takeChanged(): StateSlot[];
}

interface Device {
  readonly name: Buffer;
  readonly slots: Map<string, StateSlot>;
  nextSlot: number;
  /** Keys of removed entries, to be used again. */
  readonly freeKeys: Buffer[];
  /** Records up to and including this offset are of before the device was forgotten. */
  forgottenTo: number;
  overflowed: boolean;
}

/**
 * The states that `table` holds.
 *
 * @param onOverflow told once of a device with more properties than are kept
 */
export function stateSlots(table: StateTable, onOverflow: (device: string, kept: number) => void): StateSlots {
  const devices = loadDevices(table);
  let changed: StateSlot[] = [];

  function put(device: Device, identity: string, entry: SpooledRecord): void {
    let slot = device.slots.get(identity);
    if (slot === undefined) {
      if (device.slots.size >= MOST_STATES) {
        if (!device.overflowed) onOverflow(entry.record.device, MOST_STATES);
        device.overflowed = true;
        return;
      }
      slot = { key: device.freeKeys.pop() ?? slotKey(device.name, device.nextSlot++), state: null, changed: false };
      device.slots.set(identity, slot);
    }
    slot.state = entry;
    if (slot.changed) return;
    slot.changed = true;
    changed.push(slot);
  }

  function remove(device: Device, identity: string): void {
    const slot = device.slots.get(identity);
    if (slot === undefined) return;
    slot.state = null;
    device.slots.delete(identity);
    // Whoever takes the key over is written after this removal: changes are written in the order they came.
    device.freeKeys.push(slot.key);
    if (!slot.changed) changed.push(slot);
    slot.changed = true;
  }

  return {
    devices: () => [...devices].flatMap(([id, { slots }]) => (slots.size > 0 ? [id] : [])),
    of: (device) => statesOf(devices.get(device)),
    all: () => [...devices.values()].flatMap(statesOf),
    take(entry) {
      const { record, offset } = entry;
      if (record.kind === 'notification') {
        // What a replay tells of a property is past.
        if (record.propertyOperation === undefined || record.provenance === 'replay') return;
      } else if (record.kind !== 'status' && record.kind !== 'device') return;
      const device = deviceNamed(devices, record.device);
      if (offset <= device.forgottenTo) return;
      const identity = identityOf(record);
      if (record.kind === 'notification' && record.propertyOperation === 'Deleted') remove(device, identity);
      else if (!saysTheSame(record) || !device.slots.has(identity)) put(device, identity, entry);
    },
    forget(id, upTo) {
      const device = deviceNamed(devices, id);
      device.forgottenTo = upTo;
      device.overflowed = false;
      for (const identity of [...device.slots.keys()]) remove(device, identity);
    },
    takeChanged() {
      const taken = changed;
      changed = [];
      return taken;
    },
  };
}

function loadDevices(table: StateTable): Map<string, Device> {
  const devices = new Map<string, Device>();
  for (const { key, state } of table.entries()) {
    const device = deviceNamed(devices, state.record.device);
    device.slots.set(identityOf(state.record), { key, state, changed: false });
    device.nextSlot = Math.max(device.nextSlot, key.readUInt32BE(key.length - 4) + 1);
  }
  return devices;
}

/** A state told again, as mappings do not publish it: what said it first was published, and stays. */
function saysTheSame(record: SpooledRecord['record']): boolean {
  return record.kind === 'notification' && record.changed === false && record.provenance === 'synchronization';
}

/** Of the kinds that are no property there is one each. */
function identityOf(record: SpooledRecord['record']): string {
  return record.kind === 'notification' ? propertyIdentity(record) : record.kind;
}

function deviceNamed(devices: Map<string, Device>, id: string): Device {
  let device = devices.get(id);
  if (device === undefined) {
    const name = Buffer.from(id);
    device = { name, slots: new Map(), nextSlot: 0, freeKeys: [], forgottenTo: 0, overflowed: false };
    devices.set(id, device);
  }
  return device;
}

function statesOf(device: Device | undefined): SpooledRecord[] {
  const states: SpooledRecord[] = [];
  for (const { state } of device?.slots.values() ?? []) if (state !== null) states.push(state);
  return states;
}

function slotKey(device: Buffer, slot: number): Buffer {
  const key = Buffer.alloc(device.length + 5);
  device.copy(key);
  key.writeUInt32BE(slot, device.length + 1);
  return key;
}
