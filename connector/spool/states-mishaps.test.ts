import { expect, it, onTestFinished } from 'vitest';
import { append, checkpoint, open, opened, until } from '../../test/support/stored-spool.ts';
import { systemClock } from '../clock.ts';
import { type CurrentStatesOptions, currentStates, STATES_READER } from './current-states.ts';

async function start(over: Partial<CurrentStatesOptions> = {}) {
  const spool = await open({ sinks: ['broker', STATES_READER] });
  const [troubles, ends]: [string[], string[]] = [[], []];
  const states = currentStates({
    ...{ spool, clock: systemClock, ...over },
    onTrouble: ({ message }) => troubles.push(message),
    onEnded: ({ message }) => ends.push(message),
  });
  onTestFinished(() => states.close());
  /** Ten more records of `door`, which the sink takes. */
  let sequence = 1;
  const more = async () => {
    await spool.append(append('door', sequence, 10));
    sequence += 10;
    spool.reader('broker').acknowledge(spool.states.lastOffset());
  };
  return { spool, states, troubles, ends, more };
}

const soon = () => AbortSignal.timeout(5_000);

it('a listener that throws ends nothing, and each of its messages is told once', async () => {
  let round = 0;
  const onRead = () => {
    round += 1;
    throw new Error(round < 5 ? 'no such metric' : 'no such door');
  };
  const { spool, states, troubles, ends, more } = await start({ onRead });
  for (const offset of [10, 20, 30, 40, 50, 60]) {
    await more();
    await states.reached(offset, soon());
  }
  expect(troubles).toEqual([expect.stringContaining('no such metric'), expect.stringContaining('no such door')]);
  expect(ends).toEqual([]);
  await until(() => spool.statistics().records === 0);
});

it('a listener whose messages all differ is not told of for ever', async () => {
  let round = 0;
  const onRead = () => {
    round += 1;
    throw new Error(`trouble ${round}`);
  };
  const { states, troubles, more } = await start({ onRead });
  for (let offset = 10; offset <= 1_100; offset += 10) {
    await more();
    await states.reached(offset, soon());
  }
  expect(troubles).toHaveLength(100);
});

it('a view that cannot write ends, says what that means, and holds nothing of the log', async () => {
  const { spool, states, ends, more } = await start();
  Object.assign(spool.states, { write: () => Promise.reject(new Error('no such slot')) });
  await more();
  await until(() => ends.length > 0);
  expect(ends).toEqual([expect.stringMatching(/no such slot.*Events go on.*restart/)]);
  await more();
  await until(() => spool.statistics().records === 0);
  await expect(states.reached(20, soon())).rejects.toThrow('no such slot');
  await states.close();
  expect(ends).toHaveLength(1);
});

it('a view that cannot read on ends, says so, and holds nothing of the log', async () => {
  const spool = await open({ sinks: ['broker', STATES_READER] });
  const reader = spool.reader(STATES_READER);
  Object.assign(reader, { next: () => Promise.reject(new Error('no such page')) });
  const ends: string[] = [];
  const states = currentStates({ spool, clock: systemClock, onEnded: ({ message }) => ends.push(message) });
  onTestFinished(() => states.close());
  await spool.append(append('door', 1, 10));
  spool.reader('broker').acknowledge(10);
  await until(() => spool.statistics().records === 0);
  expect(ends).toEqual([expect.stringContaining('no such page')]);
});

it('the first view of a store knows what the log still holds', async () => {
  const earlier = await open({ sinks: ['broker'] });
  const record = (sequence: number, token: string) => ({
    ...append('door', sequence, 1).records[0]!,
    ...({ kind: 'notification', propertyOperation: 'Changed', provenance: 'live', key: {} } as const),
    ...{ topic: 'tns1:Door/State', source: { Token: token }, data: { State: sequence } },
  });
  const records = [record(1, 'a'), record(2, 'b'), record(3, 'a')] as Parameters<typeof earlier.append>[0]['records'];
  await earlier.append({ device: 'door', records, checkpoint: checkpoint(3), properties: [] });
  await earlier.close();
  opened.length = 0;
  const { states } = await start();
  await states.ready;
  expect(states.of('door').map(({ offset }) => offset)).toEqual([2, 3]);
});
