import type { SimulatedDevice } from '../../../connector/simulator/simulated-device.ts';
import type { EventDetails, PropertyOperation } from '../../../connector/simulator/simulated-event.ts';
import { deletionOf, MARK, type TruthEvent } from '../oracle/history.ts';

/** What happens on a device, at the judge's will and with a mark on each event. */
export interface Traffic {
  readonly truth: readonly TruthEvent[];
  /** An event that is no property; its mark. */
  access(): string;
  /** A property takes another state; its mark. */
  property(topic: string, source: Readonly<Record<string, string>>, data: Readonly<Record<string, unknown>>): string;
  /** A property that this traffic has set comes to its end. */
  remove(topic: string, source: Readonly<Record<string, string>>): void;
  /** A mix of both, so many a second, until `stop`. */
  run(perSecond: number): void;
  stop(): void;
}

const ACCESS = 'tns1:AccessControl/AccessGranted/Credential';
const TICK_MS = 25;

export function startTraffic(device: SimulatedDevice, chance: () => number): Traffic {
  const truth: TruthEvent[] = [];
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const add = (mark: string, topic: string, operation: PropertyOperation | null, number: number) => {
    const event = device.ledger.events.findLast((one) => one.number === number);
    if (event === undefined) throw new Error(`the device's ledger does not have its event ${number}`);
    truth.push({
      mark,
      at: Date.now(),
      topic,
      operation,
      utcTime: event.utcTime,
      source: event.source,
      data: event.data,
    });
    return mark;
  };
  const nextMark = () => `M${++count}`;
  const access = () => {
    const mark = nextMark();
    const source = { AccessPointToken: chance() < 0.5 ? 'AccessPoint_1' : 'AccessPoint_2' };
    const data = { External: false, CredentialToken: `C${Math.floor(chance() * 500)}`, [MARK]: mark };
    return add(mark, ACCESS, null, device.emit(ACCESS, { source, data }));
  };
  const property: Traffic['property'] = (topic, source, data) => {
    const mark = nextMark();
    const details = { source, data: { ...data, [MARK]: mark } } as EventDetails;
    const number = device.setProperty(topic, details);
    const { operation } = device.ledger.events.findLast((one) => one.number === number)!;
    return add(mark, topic, operation, number);
  };
  const one = () => {
    const draw = chance();
    if (draw < 0.5) access();
    else if (draw < 0.75) {
      const source = { InputToken: chance() < 0.5 ? 'Input_1' : 'Input_2' };
      property('tns1:Device/Trigger/DigitalInput', source, { LogicalState: chance() < 0.5 });
    } else {
      const source = { DoorToken: chance() < 0.5 ? 'Door_1' : 'Door_2' };
      property('tns1:Door/State/DoorPhysicalState', source, { State: chance() < 0.5 ? 'Open' : 'Closed' });
    }
  };
  const stop = () => clearInterval(timer);
  return {
    truth,
    access,
    property,
    remove(topic, source) {
      const number = device.deleteProperty(topic, { source });
      const { data } = device.ledger.events.findLast((one) => one.number === number)!;
      add(deletionOf(String(data[MARK])), topic, 'Deleted', number);
    },
    run(perSecond) {
      stop();
      const start = performance.now();
      let raised = 0;
      timer = setInterval(() => {
        // What a device that is down would have raised never was.
        const due = Math.floor(((performance.now() - start) * perSecond) / 1000);
        if ((device as { down?: boolean }).down) raised = due;
        for (; raised < due; raised++) one();
      }, TICK_MS);
    },
    stop,
  };
}
