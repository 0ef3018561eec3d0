import { expect, it } from 'vitest';
import { departures } from './departures.ts';

it('is done with a device that some sinks have told of when it is configured again while another sink is away', () => {
  const done: string[] = [];
  const departing = departures(
    () => ['there', 'away'],
    (device) => done.push(device),
  );
  departing.add('door', 5);
  departing.told('there', ['door']);
  expect([done, departing.due('away', 5)]).toEqual([[], ['door']]);
  departing.remove('door');
  // Before its worker starts: what it tells from now on is news to all of them.
  expect([done, departing.due('away', 5)]).toEqual([['door'], []]);
  departing.told('away', ['door']);
  expect(done).toEqual(['door']);
});
