import { describe, expect, it } from 'vitest';
import { messageOf, rulesFaults, rulesOf } from '../../test/support/mapping-rig.ts';
import { keyedHash } from './privacy-hash.ts';

const RULES = (table: string, lookup: string) => `
tables: { t: ${table} }
rules: [{ name: it, payload: { always: 1, v: { $lookup: t, ${lookup} } } }]
`;
const found = (table: string, lookup: string, files: Record<string, string> = {}, record = {}) =>
  (messageOf(rulesOf(RULES(table, lookup), files), record).value as { v?: unknown }).v;

describe('a table', () => {
  const csv = { 'doors.csv': '\uFEFFtoken , name,floor\nD-4,"Side, ""door""",\nD-5,Gate,2\n\nconstructor,x,1\n' };

  it('in a CSV file gives fields as text, and nothing for empty ones', () => {
    expect(found('{ csv: doors.csv, key: token }', 'key: $source.DoorToken', csv)).toEqual({
      token: 'D-4',
      name: 'Side, "door"',
    });
    expect(found('{ csv: doors.csv, key: token }', 'key: D-5, field: floor', csv)).toBe('2');
    expect(found('{ csv: doors.csv, key: token }', 'key: $source.DoorToken, field: floor, otherwise: 0', csv)).toBe(0);
    expect(found('{ csv: doors.csv, key: token }', 'key: nobody, field: name', csv)).toBeUndefined();
    expect(found('{ csv: doors.csv, key: token }', 'key: $data.Nothing, otherwise: none', csv)).toBe('none');
    expect(found('{ csv: doors.csv, key: token }', 'key: toString', csv)).toBeUndefined();
  });

  it('can have another delimiter', () => {
    expect(found('{ csv: d.csv, key: a, delimiter: ";" }', 'key: 1, field: b', { 'd.csv': 'a;b\n1;x,y\n' })).toBe(
      'x,y',
    );
  });

  it('in the mapping gives what is written', () => {
    expect(found('{ rows: { D-4: { n: 1, deep: [2] }, x: 5 } }', 'key: $source.DoorToken')).toEqual({
      n: 1,
      deep: [2],
    });
    expect(found('{ rows: { D-4: north } }', 'key: $source.DoorToken, field: value')).toBe('north');
  });

  it('of card numbers is looked up by the hashed item', () => {
    const cards = { 'cards.csv': 'card,person\n00ab12,P-7\n' };
    const record = { data: { IdentifierValue: '00AB12' } };
    const table = '{ csv: cards.csv, key: card, hashed: true }';
    expect(found(table, 'key: $data.IdentifierValue, field: person', cards, record)).toBe('P-7');
    // The number itself is not let out again by its row.
    expect(found(table, 'key: $data.IdentifierValue', cards, record)).toEqual({ person: 'P-7' });
    expect(found(table, `key: "${keyedHash('other')('00AB12')}"`, cards, record)).toBeUndefined();
  });
});

describe('faults of a table', () => {
  it.each([
    ['{ csv: no.csv, key: a }', /mine\.yaml:4: table 't': .*no\.csv.*ENOENT/],
    ['{ csv: a.csv, key: tokn }', /has no column 'tokn'; did you mean 'token'\?/],
    ['{ csv: a.csv, key: token, personal: [nme] }', /has no column 'nme'; did you mean 'name'\?/],
    ['{ csv: a.csv }', /needs 'key'/],
    ['{}', /must have either 'rows' or 'csv'/],
    ['{ csv: twice.csv, key: token }', /twice\.csv: row 3 has a key that is there before$/],
    ['{ csv: broken.csv, key: token }', /broken\.csv: Invalid Record Length/],
    ['{ csv: a.csv, kye: token }', /'tables\.t\.kye' is not known; did you mean 'key'\?/],
  ])('%s', (table, fault) => {
    const files = { 'a.csv': 'token,name\n1,x\n', 'twice.csv': 'token\n1\n1\n', 'broken.csv': 'token\n1,2\n' };
    expect(rulesFaults(RULES(table, 'key: 1'), files)).toEqual([expect.stringMatching(fault)]);
  });

  it('are told too for a column or a table that is not there', () => {
    const files = { 'a.csv': 'token,name\n1,x\n' };
    expect(rulesFaults(RULES('{ csv: a.csv, key: token }', 'key: 1, field: nam'), files)).toEqual([
      "mine.yaml:5: rule 'it': table 't' has no column 'nam'; did you mean 'name'?",
    ]);
    expect(rulesFaults('rules: [{ name: it, payload: { $lookup: x, key: 1 } }]')).toEqual([
      "mine.yaml:3: rule 'it': there is no table 'x'; the file has no tables",
    ]);
  });
});
