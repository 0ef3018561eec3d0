import { LONG, lasting, type Scenario, sleep, until } from '../harness/scenario.ts';
import type { World } from '../harness/world.ts';
import { type Delivery, type History, markOf } from '../oracle/history.ts';
import { gapsOf } from '../oracle/law-5-gaps.ts';

const MISSED = 3_000;
const DROPPED = 1_000;
/** Longer than the lease: what the subscription had queued is gone with it. */
const CUT_MS = lasting(15_000, 300_000);

/** Short enough to end within the outage, as a lease of minutes does in one of hours. */
const SHORT_LEASE = { initialTerminationTime: LONG ? '60s' : '10s' };

/** Marks of what happened while the device was cut off. */
const missed = new WeakMap<World, readonly string[]>();

async function cutOff(world: World, meanwhile: () => Promise<void>): Promise<void> {
  const before = world.connector.said(/"msg":"subscribed"/);
  await world.fault('cut off', 'device', async () => {
    world.deviceWay.set({ refuse: true });
    const end = Date.now() + CUT_MS;
    await meanwhile();
    await sleep(Math.max(0, end - Date.now()));
    world.deviceWay.set({});
  });
  await until(world, 'contact', () => world.connector.said(/"msg":"subscribed"/) > before, 90_000);
}

/** 3,000 people pass while nobody listens. */
async function passages(world: World): Promise<void> {
  const marks: string[] = [];
  const steps = 100;
  for (let step = 0; step < steps; step++) {
    for (let count = 0; count < MISSED / steps; count++) marks.push(world.traffic.access());
    await sleep((CUT_MS * 0.8) / steps);
  }
  missed.set(world, marks);
}

/** Waits until nothing more comes, for what is replayed comes after the contact. */
async function replayed(world: World, marks: number): Promise<void> {
  const all = missed.get(world)!.slice(-marks);
  await until(world, `${marks} replayed events`, () => all.every((mark) => world.received.has(mark)), 60_000).catch(
    () => {},
  );
}

function provenanceFaults({ envelope }: History, marks: readonly string[]): string[] {
  const wanted = new Set(marks);
  const came = new Map<string, Set<string>>();
  for (const delivery of envelope) {
    const mark = markOf(delivery);
    if (mark === undefined || !wanted.has(mark) || delivery.record?.kind !== 'notification') continue;
    came.set(mark, (came.get(mark) ?? new Set()).add(delivery.record.provenance));
  }
  const other = [...came].filter(([, how]) => !how.has('replay'));
  const findings: string[] = [];
  if (came.size !== marks.length) findings.push(`${came.size} of ${marks.length} missed events came`);
  if (other.length > 0) findings.push(`${other.length} of them not as replay, ${other[0]![0]} as ${[...other[0]![1]]}`);
  return findings;
}

function gapFaults(history: History, most: number): string[] {
  const told = gapsOf(history);
  return told.length === most
    ? []
    : [`${told.length} gaps were told, not ${most}: ${told.map(({ reason }) => reason)}`];
}

const storing: NonNullable<Scenario['world']> = { simulator: { persistentStorage: true }, device: SHORT_LEASE };

/** A device with PersistentNotificationStorage: nothing is lost, whatever the outage. */
export const persistentOutage: Scenario = {
  name: 'outage, persistent storage: 3,000 events replayed',
  world: storing,
  rate: 0,
  async prepare({ traffic }) {
    for (let count = 0; count < 50; count++) traffic.access();
  },
  async strike(world) {
    await cutOff(world, () => passages(world));
    await replayed(world, MISSED);
  },
  extra: (history, world) => [...provenanceFaults(history, missed.get(world)!), ...gapFaults(history, 0)],
  expected: { events: MISSED },
};

/** The same, but its store has lost the first thousand: those are a gap, one, and the others come. */
export const partlyPersistentOutage: Scenario = {
  name: 'outage, the store lost 1,000 of 3,000',
  world: storing,
  rate: 0,
  async prepare({ traffic }) {
    for (let count = 0; count < 50; count++) traffic.access();
  },
  async strike(world) {
    await cutOff(world, async () => {
      await passages(world);
      const { size } = world.device.stored!;
      world.device.dropStored(size - (MISSED - DROPPED));
    });
    await replayed(world, MISSED - DROPPED);
  },
  extra(history, world) {
    const marks = missed.get(world)!;
    return [...provenanceFaults(history, marks.slice(DROPPED)), ...gapFaults(history, 1)];
  },
  expected: { events: MISSED - DROPPED },
};

const INPUT = 'tns1:Device/Trigger/DigitalInput';
const DOOR = 'tns1:Door/State/DoorPhysicalState';

interface States {
  /** Last marks of what changed. */
  readonly changed: readonly string[];
  readonly from: number;
}
const states = new WeakMap<World, States>();
const VANISHING = { InputToken: 'Input_9' };

/** A device that stores nothing: states are compared, events are a gap. */
export const plainOutage: Scenario = {
  name: 'outage, no storage: states compared',
  world: { device: SHORT_LEASE },
  rate: 0,
  async prepare(world) {
    const { traffic } = world;
    for (let count = 0; count < 20; count++) traffic.access();
    traffic.property(INPUT, { InputToken: 'Input_1' }, { LogicalState: false });
    traffic.property(INPUT, { InputToken: 'Input_2' }, { LogicalState: false });
    traffic.property(DOOR, { DoorToken: 'Door_1' }, { State: 'Closed' });
    const mark = traffic.property(INPUT, VANISHING, { LogicalState: true });
    await until(world, 'the states', () => world.received.has(mark));
  },
  async strike(world) {
    const { traffic } = world;
    const from = Date.now();
    await cutOff(world, async () => {
      await sleep(500);
      for (let count = 0; count < 10; count++) traffic.access();
      traffic.property(INPUT, { InputToken: 'Input_1' }, { LogicalState: true });
      const input = traffic.property(INPUT, { InputToken: 'Input_1' }, { LogicalState: true });
      const door = traffic.property(DOOR, { DoorToken: 'Door_1' }, { State: 'Open' });
      traffic.remove(INPUT, VANISHING);
      states.set(world, { changed: [input, door], from });
    });
    await until(world, 'the states compared', () => world.received.envelope.some(isSynchronized(from)), 30_000);
  },
  extra(history, world) {
    const { changed, from } = states.get(world)!;
    const freshMarks = new Set(history.fresh.map(({ mark }) => mark));
    const later = distinct(history.onvifEj.filter(({ at, topic }) => at > from && topic.startsWith('door/')));
    const fresh = history.envelope.filter((delivery) => freshMarks.has(markOf(delivery) ?? '')).map(({ id }) => id);
    const news = later.filter(({ id }) => !fresh.includes(id));
    const isChange = ({ payload }: Delivery) => changed.some((mark) => payload.includes(`"${mark}"`));
    const isEnd = ({ topic, payload }: Delivery) => payload === '' && topic.endsWith('/&Input_9');
    const findings = gapFaults(history, 1);
    for (const mark of changed) {
      const times = news.filter(({ payload }) => payload.includes(`"${mark}"`)).length;
      if (times !== 1) findings.push(`the changed state ${mark} was published ${times} times`);
    }
    if (news.filter(isEnd).length !== 1) findings.push(`Deleted was published ${news.filter(isEnd).length} times`);
    const others = news.filter((delivery) => !isChange(delivery) && !isEnd(delivery));
    if (others.length > 0)
      findings.push(`${others.length} other messages, such as ${others[0]!.topic} ${others[0]!.payload}`);
    return findings;
  },
  expected: { events: 20 },
};

function isSynchronized(from: number) {
  return ({ at, record }: Delivery) => at > from && record?.kind === 'synchronized';
}

/** At least once means that the same message may come again. */
function distinct(deliveries: readonly Delivery[]): Delivery[] {
  return [...new Map(deliveries.map((delivery) => [delivery.sequence, delivery])).values()];
}
