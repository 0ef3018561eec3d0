import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';
import { checkMapping } from '../../connector/cli/check-mapping.ts';
import { systemClock } from '../../connector/clock.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import { stdoutSink } from '../../connector/sink/stdout-sink.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import { mappingFolder, mappingsDirectory, spooled } from '../support/mapping-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { observed } from '../support/observed.ts';

const rule = (payload: string) => `version: 1
format: rules
rules:
  - name: doors
    payload: ${payload}
`;

it('one broken rule: the record is in the dead letters with file, line and rule; the others and the other sinks go on', async () => {
  const folder = mappingFolder({ 'mine.yaml': rule('{ n: { $jsonata: "$number(data.State)" } }') });
  const spool = memorySpool();
  const sinkWith = (name: string, mapping: string) => {
    const stream = new PassThrough();
    const lines: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
    const opened = openMapping(mapping, { devices: new Map(), mappingsDirectory, privacyKey: 'k' });
    const sink = stdoutSink({ name, stream });
    const worker = new SinkWorker({ sink, mapping: opened, spool, observer: observed(), clock: systemClock });
    onTestFinished(() => worker.stop(0));
    return lines;
  };
  const broken = sinkWith('broken', join(folder, 'mine.yaml'));
  const sound = sinkWith('sound', 'envelope');
  const states = ['1', '2', 'odd', '4'];
  spool.put(...states.map((State, index) => spooled({ sequence: index + 1, data: { State } }).record));

  await vi.waitFor(() => expect(broken).toEqual(['1', '2', '4'].map((n) => `{"n":${n}}`)), 5_000);
  await vi.waitFor(() => expect(sound).toHaveLength(4), 5_000);
  expect(spool.letters).toHaveLength(1);
  expect(spool.letters[0]).toMatchObject({ sink: 'broken', offset: 3 });
  expect(spool.letters[0]!.reason).toMatch(/mine\.yaml:4: rule 'doors': the JSONata expression failed: .*odd/);
  await vi.waitFor(() => expect(spool.acknowledged('broken')).toBe(4), 5_000);
});

it('a rule that can never work is named by validate with file, line and rule', async () => {
  const folder = mappingFolder({ 'mine.yaml': rule('{ n: { $jsonata: "$number(" }, m: $dta.State }') });
  const faults = await checkMapping(join(folder, 'mine.yaml'), undefined);
  expect(faults.map(({ message }) => message.replace(folder, ''))).toEqual([
    expect.stringMatching(/^\/mine\.yaml:5: rule 'doors': the JSONata expression /),
    "/mine.yaml:5: rule 'doors': there is no 'dta' to begin a path with; did you mean 'data'?",
  ]);
});
