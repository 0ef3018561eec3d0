import { expect, it } from 'vitest';
import { topicAliases } from './publish-aliases.ts';

/** What a broker that holds the aliases makes of a row of topics; `wrong` where it would take one for another. */
function broker(granted: number) {
  const aliases = topicAliases(granted)!;
  const known = new Map<number, string>();
  let [saved, wrong, largest] = [0, 0, 0];
  return {
    send(topic: string) {
      const found = aliases.find(topic);
      if (found > 0) {
        saved += 1;
        if (known.get(found) !== topic) wrong += 1;
        return;
      }
      const fresh = aliases.offer();
      largest = Math.max(largest, fresh);
      if (fresh === 0) return;
      known.set(fresh, topic);
      aliases.assign(topic, fresh);
    },
    seen: () => ({ saved, wrong, largest }),
  };
}

it('are none where the broker grants none', () => {
  expect(topicAliases(0)).toBeUndefined();
});

it('stand for every topic from the second time on, as long as there are enough', () => {
  const { send, seen } = broker(10);
  for (let i = 0; i < 1_000; i++) send(`t/${i % 10}`);
  expect(seen()).toEqual({ saved: 990, wrong: 0, largest: 10 });
});

it('go to the topics that come most often, and never beyond what was granted', () => {
  const { send, seen } = broker(10);
  // Four messages of five are of eight topics; those of the rest never come again.
  for (let i = 0; i < 10_000; i++) send(i % 5 === 0 ? `once/${i}` : `often/${i % 8}`);
  const { saved, wrong, largest } = seen();
  expect(saved).toBeGreaterThan(6_000);
  expect([wrong, largest]).toEqual([0, 10]);
});

it('follow the topics when others become frequent', () => {
  const { send, seen } = broker(4);
  for (let i = 0; i < 400; i++) send(`old/${i % 4}`);
  const before = seen().saved;
  for (let i = 0; i < 400; i++) send(`new/${i % 4}`);
  expect(seen().saved - before).toBeGreaterThan(350);
  expect(seen().wrong).toBe(0);
});

it('rest where they are of no use, and are tried again', () => {
  const { send, seen } = broker(10);
  for (let i = 0; i < 200_000; i++) send(`many/${i % 5_000}`);
  expect(seen().saved).toBe(0);
  for (let i = 0; i < 100_000; i++) send(`few/${i % 5}`);
  expect(seen().saved).toBeGreaterThan(10_000);
  expect(seen().wrong).toBe(0);
});
