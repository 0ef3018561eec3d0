import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { homeAssistantRig, MAPPINGS } from '../../test/support/home-assistant-records.ts';

describe('the table', () => {
  const table = parse(readFileSync(`${MAPPINGS}/home-assistant.yaml`, 'utf8')) as {
    topics: Record<string, { state?: Record<string, string | { item: string }>; event?: object; omit?: boolean }>;
  };
  const catalogue = parse(readFileSync(`${MAPPINGS}/standard-topics.yaml`, 'utf8')) as {
    topics: Record<string, { property: boolean; data?: Record<string, string> }>;
  };

  it('has every topic of the catalogue: properties with entities, the others as events', () => {
    const missing = Object.entries(catalogue.topics).flatMap(([name, { property }]) => {
      const entry = table.topics[name];
      const isThere = property ? entry?.state !== undefined : entry !== undefined;
      return isThere ? [] : [name];
    });
    expect(missing).toEqual([]);
  });

  it('reads items that the catalogue knows', () => {
    const wrong = Object.entries(table.topics).flatMap(([name, { state = {} }]) => {
      const known = catalogue.topics[name];
      if (known === undefined) return [];
      const items = Object.keys(known.data ?? {}).map((item) => item.replace(/\?$/, ''));
      return Object.values(state).flatMap((rule) => {
        const [item] = (typeof rule === 'string' ? rule : rule.item).split('/');
        return items.includes(item!) ? [] : [`${name}: ${item}`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it('makes only what Home Assistant takes, of every topic', () => {
    const { told, make, view } = homeAssistantRig();
    told(make.status(), make.device());
    for (const [name, { data = {}, property }] of Object.entries(catalogue.topics)) {
      const values = Object.fromEntries(
        Object.entries(data).map(([item, type]) => [
          item.replace(/\?$/, ''),
          SAMPLES[type.split(':').at(-1)!] ?? 'text',
        ]),
      );
      told(property ? make.state(name, { Token: 'T' }, values) : make.event(name, { Token: 'T' }, values));
    }
    const { faults, entities } = view();
    expect(faults).toEqual([]);
    expect(entities.size).toBeGreaterThan(90);
  });
});

const SAMPLES: Readonly<Record<string, string | number | boolean>> = {
  boolean: true,
  float: 12.5,
  int: 3,
  dateTime: '2026-05-06T07:08:09Z',
};
