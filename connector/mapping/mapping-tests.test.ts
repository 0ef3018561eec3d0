import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mappingFolder, mappingsDirectory } from '../../test/support/mapping-rig.ts';
import { runMappingTests } from './mapping-tests.ts';

const MAPPING = `version: 1
format: rules
rules:
  - name: it
    match: { topic: "tns1:Door//." }
    topic: "doors/{source.DoorToken}"
    key: "{device}"
    payload: { state: $data.State, maker: $identity.manufacturer, card: $data.Card }
`;

/** Runs tests beside the mapping above; the first two lines of their file are its devices and `tests:`. */
function ran(tests: string, files: Record<string, string> = {}) {
  const text = `devices: [{ id: gate }]\ntests:\n${tests}`;
  const folder = mappingFolder({ 'mine.yaml': MAPPING, 'mine.test.yaml': text, ...files });
  return runMappingTests(join(folder, 'mine.test.yaml'), { mappingsDirectory });
}

const EVENT = 'event: { topic: "tns1:Door/State/DoorMode", source: { DoorToken: D-1 }, data: { State: Locked } }';

describe('a test beside a mapping', () => {
  it('holds where all that is written is so', () => {
    const [test] = ran(`
  - name: it
    ${EVENT}
    given: [{ kind: device, identity: { manufacturer: Acme } }]
    messages:
      - topic: doors/D-1
        key: gate
        retain: false
        contentType: application/json
        payload: { maker: Acme, state: Locked }
        attributes: { type: org.onvif.Door.State.DoorMode, severity: null }
`);
    expect(test).toEqual({ name: 'it', line: 4, differences: [] });
  });

  it.each([
    ['messages: [{ topic: doors/D-2 }]', 'messages[0].topic', 'doors/D-2', 'doors/D-1'],
    ['messages: [{ key: null }]', 'messages[0].key', null, 'gate'],
    ['messages: [{ retain: true }]', 'messages[0].retain', true, false],
    ['messages: [{ payload: { state: Locked, x: 1 } }]', 'messages[0].payload.x', 1, undefined],
    ['messages: [{ payload: {} }]', 'messages[0].payload.state', undefined, 'Locked'],
    ['messages: [{ payload: text }]', 'messages[0].payload', 'text', { state: 'Locked' }],
    ['messages: [{ includes: { state: Open } }]', 'messages[0].payload.state', 'Open', 'Locked'],
    ['messages: [{ attributes: { id: x } }]', 'messages[0].attributes.id', 'x', 'id-1'],
    ['messages: [{}, { topic: y }]', 'messages[1]', { topic: 'y' }, undefined],
    ['error: no way', 'error', 'no way', undefined],
  ])('says what is not so: %s', (wanted, at, expected, actual) => {
    expect(ran(`  - name: it\n    ${EVENT}\n    ${wanted}`)[0]!.differences).toEqual([{ at, expected, actual }]);
  });

  it('says what came that nobody wanted', () => {
    const [test] = ran(`  - name: it\n    ${EVENT}\n    messages: []`);
    expect(test!.differences).toMatchObject([
      { at: 'messages[0]', expected: undefined, actual: { topic: 'doors/D-1' } },
    ]);
  });

  it('can want the dead letters, and says where a record went there unwanted', () => {
    const event = 'event: { topic: "tns1:Door/State/DoorMode" }';
    expect(ran(`  - name: it\n    ${event}\n    error: "{source.DoorToken} has no value"`)[0]!.differences).toEqual([]);
    expect(ran(`  - name: it\n    ${event}\n    messages: []`)[0]!.differences).toMatchObject([
      { at: 'error', actual: expect.stringContaining("rule 'it'") },
    ]);
    expect(ran(`  - name: it\n    ${event}\n    error: other`)[0]!.differences).toMatchObject([{ expected: 'other' }]);
  });

  it('compares empty and plain payloads as text', () => {
    const files = { 'mine.yaml': 'version: 1\nformat: onvif-ej\n' };
    const event = 'event: { topic: "tns1:Door/State/DoorMode", propertyOperation: Deleted }';
    expect(ran(`  - name: it\n    ${event}\n    messages: [{ payload: "" }]`, files)[0]!.differences).toEqual([]);
    expect(ran(`  - name: it\n    ${event}\n    messages: [{ payload: x }]`, files)[0]!.differences).toHaveLength(1);
  });

  it('does not see what the one before left behind', () => {
    const tests = ran(`
  - name: one
    event: { kind: device, identity: { manufacturer: Acme } }
    messages: [{}]
  - name: two
    ${EVENT}
    messages: [{ payload: { state: Locked } }]
`);
    expect(tests.map(({ differences }) => differences)).toEqual([[], []]);
  });

  it('hashes with a key that everybody knows', () => {
    const event = 'event: { topic: "tns1:Door/X", source: { DoorToken: D-1 }, data: { Card: "12" } }';
    const [test] = ran(
      `  - name: it\n    ${event}\n    messages: [{ payload: { card: "hmac:bdaf2c2ca4a3c4aa2b0c4a0d5ad5b4c5" } }]`,
    );
    expect(test!.differences[0]!.actual).toMatch(/^hmac:[0-9a-f]{32}$/);
  });
});

describe('a file of tests that is wrong', () => {
  const faultOf = (tests: string, files: Record<string, string> = {}) => {
    try {
      ran(tests, files);
    } catch (error) {
      return (error as Error).message.replace(/\S*\/mapping-\w+\//g, '');
    }
    throw new Error('it was accepted');
  };

  it('says so with the line', () => {
    expect(faultOf('  - name: it\n    evnt: {}')).toBe(
      "mine.test.yaml:3: 'tests.it.event' is missing\nmine.test.yaml:4: 'tests.it.evnt' is not known; did you mean 'event'?",
    );
    expect(faultOf('  - name: it\n    event: {}\n    messages: [{ tpic: x }]')).toBe(
      "mine.test.yaml:5: 'tests.it.messages.0.tpic' is not known; did you mean 'topic'?",
    );
    expect(faultOf('  - name: "x')).toMatch(/^mine\.test\.yaml:\d: /);
  });

  it('or has a mapping that is', () => {
    expect(faultOf(`  - name: it\n    ${EVENT}`, { 'mine.yaml': 'version: 1\nformat: ruls' })).toBe(
      "mine.yaml:2: format 'ruls' is not known; did you mean 'rules'?",
    );
    expect(() => runMappingTests('/nowhere/x.test.yaml', { mappingsDirectory })).toThrow(/cannot be read/);
  });
});
