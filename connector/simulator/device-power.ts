import type { Clock } from '../clock.ts';
import type { Preset } from './preset.ts';
import type { PropertyStore } from './property-store.ts';
import type { Subscriptions } from './subscriptions.ts';
import { writeSeconds } from './wire-time.ts';

/** What a power cycle brings besides the loss of connections and subscriptions (Core 9.1.6). */
export interface PowerCycle {
  /** How long nobody answers; default 500 ms. */
  readonly downMs?: number;
  /** The device's clock when it is back, ms since 1970: `Date.parse('2017-12-31T16:00:00Z')`. */
  readonly clock?: number;
  /** Ids of subscriptions start over: a stale reference may hit somebody else's new subscription. */
  readonly recycleIds?: boolean;
  /** Pull points others open the moment the device is back; default 0. */
  readonly strangers?: number;
  /** Property states are those of a new device again; default: they are what they were. */
  readonly forgetProperties?: boolean;
}

export interface DevicePower {
  readonly down: boolean;
  cycle(options: PowerCycle, reason: string): void;
  stop(): void;
}

const DOWN_MS = 500;
const LAST_REBOOT = 'tns1:Monitoring/OperatingTime/LastReboot';

/** Starts the device; `onDown` hears when it goes and comes. */
export function devicePower(of: {
  readonly clock: Clock;
  readonly properties: PropertyStore;
  readonly subscribed: Subscriptions;
  readonly preset: Preset;
  /** Quirk initial-burst: properties more than the preset has. */
  readonly burst: number;
  readonly now: () => number;
  readonly setClock: (time: number) => void;
  readonly openStrangers: (count: number) => void;
  readonly onDown: (down: boolean) => void;
}): DevicePower {
  const { clock, properties, subscribed } = of;
  let down = false;
  let stopCycle = () => {};
  const boot = (forget: boolean) => {
    const utcTime = writeSeconds(of.now());
    if (forget) properties.clear();
    for (const state of of.preset.properties(utcTime)) {
      if (forget || state.topic === LAST_REBOOT) properties.set({ ...state, key: {}, utcTime });
    }
    for (let n = 1; forget && n <= of.burst; n++) {
      const source = { InputToken: `Burst_${n}` };
      const data = { LogicalState: n % 2 === 0 };
      properties.set({ topic: 'tns1:Device/Trigger/DigitalInput', source, key: {}, data, utcTime });
    }
  };
  boot(true);
  return {
    get down() {
      return down;
    },
    cycle({ downMs = DOWN_MS, clock: time, recycleIds, strangers = 0, forgetProperties = false }, reason) {
      down = true;
      subscribed.endAll(reason);
      of.onDown(true);
      stopCycle();
      stopCycle = clock.after(downMs, () => {
        if (time !== undefined) of.setClock(time);
        boot(forgetProperties);
        if (recycleIds) subscribed.recycleIds();
        of.openStrangers(strangers);
        down = false;
        of.onDown(false);
      });
    },
    stop: () => stopCycle(),
  };
}
