import { describe, expect, it } from 'vitest';
import { readContentFilter } from './content-filter.ts';
import { NS } from './namespaces.ts';
import type { SimulatedEvent } from './simulated-event.ts';

const event: SimulatedEvent = {
  ...{ number: 1, topic: 'tns1:Door/State/DoorMode', operation: 'Changed', utcTime: 'x' },
  source: { Door: '1' },
  key: { Kind: 'and' },
  data: { State: 'Open', External: true, Link: { xml: '<a/>' } },
};

function holds(expression: string): boolean {
  const read = readContentFilter(expression, { tt: NS.tt, x: 'urn:other' });
  if (typeof read !== 'function') throw new Error(JSON.stringify(read.fault));
  return read(event);
}

const item = (name: string, value: string) => `boolean(//tt:SimpleItem[@Name="${name}" and @Value="${value}"])`;

describe('ItemFilter expressions', () => {
  it('look at Source, Key and Data alike', () => {
    expect(holds(item('Door', '1'))).toBe(true);
    expect(holds(item('Kind', 'and'))).toBe(true);
    expect(holds(item('State', 'Open'))).toBe(true);
    expect(holds(item('External', 'true'))).toBe(true);
    expect(holds(item('State', 'Closed'))).toBe(false);
  });

  it('compare name and value of the same item', () => {
    expect(holds(item('Door', 'Open'))).toBe(false);
    expect(holds('boolean(//tt:SimpleItem[@Value="Open"])')).toBe(true);
  });

  it('keep simple and element items apart; a prefix is optional', () => {
    expect(holds('boolean(//tt:ElementItem[@Name="Link"])')).toBe(true);
    expect(holds('boolean(//SimpleItem[@Name="Link"])')).toBe(false);
  });

  it('bind and tighter than or, and not to its parenthesis', () => {
    const [yes, no] = [item('Door', '1'), item('Door', '2')];
    expect(holds(`${yes} or ${no} and ${no}`)).toBe(true);
    expect(holds(`(${yes} or ${no}) and ${no}`)).toBe(false);
    expect(holds(`not(${no}) and ${yes}`)).toBe(true);
    expect(holds('boolean(//tt:SimpleItem[not(@Name="Door") and (@Value="Open" or @Value="x")])')).toBe(true);
  });

  it.each([
    '',
    'boolean(//tt:SimpleItem)',
    'boolean(//tt:SimpleItem[@Name=Door])',
    "boolean(//tt:SimpleItem[@Name='Door'])",
    'boolean(//tt:Data[@Name="Door"])',
    'boolean(//tt:SimpleItem[@Type="x"])',
    `${item('Door', '1')} and`,
    `${item('Door', '1')} ${item('Door', '1')}`,
    `not ${item('Door', '1')}`,
    '('.repeat(1000),
  ])('refuse %j', (expression) => {
    expect(readContentFilter(expression, { tt: NS.tt })).toEqual({ fault: 'syntax' });
  });

  it('refuse a prefix that is not declared, or stands for another namespace', () => {
    expect(readContentFilter('boolean(//tx:SimpleItem[@Name="A"])', { tt: NS.tt })).toEqual({
      fault: { undeclaredPrefix: 'tx' },
    });
    expect(readContentFilter('boolean(//x:SimpleItem[@Name="A"])', { x: 'urn:other' })).toEqual({
      fault: { undeclaredPrefix: 'x' },
    });
  });
});
