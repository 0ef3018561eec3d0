import { describe, expect, it } from 'vitest';
import { contentFilterMisreading } from './content-filter-syntax.ts';

describe('a content filter', () => {
  it.each([
    'boolean(//tt:SimpleItem[@Name="Door" and @Value="1"])',
    'boolean(//SimpleItem[@Name="Door"])',
    'boolean( //tt:ElementItem[ not(@Name="x") ] )',
    'boolean(//tt:SimpleItem[@Name="A"]) and (boolean(//tt:SimpleItem[@Name="B"]) or not(boolean(//tt:SimpleItem[@Name="C"])))',
    'boolean(//tt:SimpleItem[(@Name="A" or @Name="B") and @Value="or )] \' text"])',
  ])('may be %s', (expression) => {
    expect(contentFilterMisreading(expression)).toBeUndefined();
  });

  it.each([
    ['', 'is no ItemFilter: boolean( … ), not( … ) or "(" expected at character 1'],
    ['//tt:SimpleItem[@Name="A"]', 'is no ItemFilter: boolean( … ), not( … ) or "(" expected at character 1'],
    ['boolean(tt:SimpleItem[@Name="A"])', 'is no ItemFilter: "//" expected at character 9'],
    ['boolean(//tt:Item[@Name="A"])', 'is no ItemFilter: tt:SimpleItem or tt:ElementItem expected at character 11'],
    [
      'boolean(//x:SimpleItem[@Name="A"])',
      'is no ItemFilter: tt:SimpleItem or tt:ElementItem expected at character 11',
    ],
    ["boolean(//tt:SimpleItem[@Name='A'])", 'is no ItemFilter: text in double quotes expected at character 31'],
    ['boolean(//tt:SimpleItem[@Value>"1"])', 'is no ItemFilter: "=" expected at character 31'],
    ['boolean(//tt:SimpleItem[@Type="1"])', 'is no ItemFilter: @Name="…" or @Value="…" expected at character 25'],
    ['boolean(//tt:SimpleItem[@Name="A"]', 'is no ItemFilter: ")" expected at character 35'],
    ['boolean(//tt:SimpleItem[@Name="A"]) x', 'is no ItemFilter: "and", "or" or the end expected at character 37'],
    ['boolean(//tt:SimpleItem[@Name="A"]) and', 'is no ItemFilter: "and", "or" or the end expected at character 37'],
  ])('may not be %s', (expression, message) => {
    expect(contentFilterMisreading(expression)).toEqual({ message });
  });

  it('has bounds', () => {
    expect(contentFilterMisreading('('.repeat(1000))?.message).toContain('fewer than 50 levels of parentheses');
    expect(contentFilterMisreading('x'.repeat(5000))?.message).toBe('is longer than 4096 characters');
  });
});
