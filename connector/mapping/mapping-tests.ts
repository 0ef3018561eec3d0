import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, messageOf, QuarantineError } from '../errors.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import type { Mapping, OutboundMessage } from './mapping.ts';
import { faultyMapping, parsePlainYaml, schemaFaults } from './mapping-file.ts';
import { type MappingContext, openMapping } from './open-mapping.ts';
import { type Difference, differences } from './test-difference.ts';

/*
 * Tests beside a mapping: `<name>.test.yaml`, event in, messages out (docs/mappings.md, Tests).
 */

const item = z.record(z.string(), z.unknown());
const record = z.looseObject({
  kind: z.enum(['notification', 'gap', 'synchronized', 'device', 'status']).optional(),
});
const message = z.strictObject({
  topic: z.string().optional(),
  key: z.string().nullable().optional(),
  payload: z.unknown().optional(),
  includes: item.optional(),
  retain: z.boolean().optional(),
  contentType: z.string().optional(),
  attributes: z.record(z.string(), z.string().nullable()).optional(),
});
const test = z.strictObject({
  name: z.string().min(1),
  given: z.array(record).optional(),
  event: record,
  messages: z.array(message).optional(),
  error: z.string().min(1).optional(),
});
const schema = z.strictObject({
  mapping: z.string().min(1).optional(),
  devices: z
    .array(z.strictObject({ id: z.string(), name: z.string().optional(), site: z.string().optional() }))
    .optional(),
  given: z.array(record).optional(),
  tests: z.array(test).min(1),
});

type WrittenTest = z.output<typeof test>;
type WrittenRecord = z.output<typeof record>;

export interface TestResult {
  readonly name: string;
  readonly line: number;
  /** None where the test holds. */
  readonly differences: readonly Difference[];
}

/** The key of hashes in tests. */
export const TEST_PRIVACY_KEY = 'test';

const LARGEST_FILE = 4 * 1024 * 1024;

/**
 * Runs the tests of one file against the mapping beside it. @throws ConfigurationError where the tests or the mapping
 * cannot be read
 */
export function runMappingTests(
  file: string,
  context: Pick<MappingContext, 'mappingsDirectory' | 'ownMappingsDirectory'>,
): readonly TestResult[] {
  const { value, located } = parsePlainYaml(textOf(file), file);
  const faults = schemaFaults(schema, value, located);
  if (faults.length > 0) throw faultyMapping(file, faults);
  const written = schema.parse(value);
  const devices = new Map((written.devices ?? []).map((device) => [device.id, device]));
  const name = written.mapping ?? join(dirname(file), `${basename(file).replace(/\.test\.ya?ml$/, '')}.yaml`);
  const device = written.devices?.[0]?.id ?? 'device-1';
  return written.tests.map((each, index) => {
    // Each with a mapping of its own: none sees what another left behind.
    const mapping = openMapping(name, { ...context, devices, privacyKey: TEST_PRIVACY_KEY });
    const line = Number(/:(\d+): /.exec(located(['tests', index], ''))?.[1] ?? 1);
    const given = [...(written.given ?? []), ...(each.given ?? [])].map((of) => spooled(of, device));
    return { name: each.name, line, differences: run(each, given, mapping, device) };
  });
}

function run(
  test: WrittenTest,
  given: readonly SpooledRecord[],
  mapping: Mapping,
  device: string,
): readonly Difference[] {
  mapping.restore?.(given);
  let messages: readonly OutboundMessage[];
  try {
    messages = mapping.map(spooled(test.event, device));
  } catch (error) {
    if (!(error instanceof QuarantineError)) throw error;
    if (test.error === undefined) return [{ at: 'error', expected: undefined, actual: messageOf(error) }];
    return error.message.includes(test.error) ? [] : [{ at: 'error', expected: test.error, actual: messageOf(error) }];
  }
  if (test.error !== undefined) return [{ at: 'error', expected: test.error, actual: undefined }];
  return differences(test.messages ?? [], messages);
}

const COMMON = { id: 'id-1', sequence: 1, epoch: 1, receivedAt: '2026-01-02T03:04:06.000Z' };
const TOLD = '2026-01-02T03:04:05Z';

/** What a test leaves out of a record, by its kind. */
const REST: Readonly<Record<EventRecord['kind'], object>> = {
  notification: {
    ...{ topic: '', utcTime: TOLD, time: TOLD, provenance: 'live' },
    ...{ source: {}, key: {}, data: {} },
  },
  gap: { since: null, until: TOLD, reason: 'outage' },
  synchronized: { properties: 0, changed: 0, deleted: 0, gap: 'none', cause: 'start', since: null, until: TOLD },
  device: { identity: {}, capabilities: {}, topics: [] },
  status: { status: 'online', since: TOLD },
};

function spooled(written: WrittenRecord, device: string): SpooledRecord {
  const { kind = 'notification' } = written;
  const full = { kind, ...COMMON, device, ...REST[kind], ...written } as unknown as EventRecord;
  return { offset: 1, record: full, json: JSON.stringify(full) };
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= LARGEST_FILE) return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigurationError('mapping-test-unreadable', `${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new ConfigurationError('mapping-test-unreadable', `${file}: larger than ${LARGEST_FILE} bytes`);
}
