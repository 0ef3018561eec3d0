import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { ConfigurationError } from '../../connector/errors.ts';
import type { MappedDevice, Mapping, OutboundMessage } from '../../connector/mapping/mapping.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import type { EventRecord } from '../../connector/normalize/record.ts';
import type { SpooledRecord } from '../../connector/spool/spool.ts';

export const mappingsDirectory = fileURLToPath(new URL('../../mappings', import.meta.url));

const DEVICES: readonly MappedDevice[] = [{ id: 'gate', name: 'Gate', site: 'plant 7' }, { id: 'other' }];

/** Files in a folder of their own, for the time of one test. */
export function mappingFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapping-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A mapping `mine` of this text, with other files beside it. */
export function mappingOf(text: string, files: Readonly<Record<string, string>> = {}, privacyKey = 'key'): Mapping {
  const folder = mappingFolder({ ...files, 'mine.yaml': text });
  const devices = new Map(DEVICES.map((device) => [device.id, device]));
  return openMapping(join(folder, 'mine.yaml'), { devices, mappingsDirectory, privacyKey });
}

/** A mapping of rules: what follows `version` and `format`. */
export function rulesOf(text: string, files: Readonly<Record<string, string>> = {}): Mapping {
  return mappingOf(`version: 1\nformat: rules\n${text}`, files);
}

/** Faults of a mapping of rules, each with its line after the two of `version` and `format`. */
export function rulesFaults(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  try {
    rulesOf(text, files);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.split('\n').map((line) => line.replace(/\S*\/mapping-\w+\//g, ''));
  }
  return [];
}

/** A record in the log; what is left out is filled in. */
export function spooled(
  record: Partial<EventRecord> & { readonly kind?: EventRecord['kind'] } & object,
): SpooledRecord {
  const full = {
    kind: 'notification',
    id: '0123456789abcdef0123456789abcdef',
    device: 'gate',
    sequence: 1,
    epoch: 1,
    topic: 'tns1:Door/State/LockPhysicalState',
    utcTime: '2026-05-06T07:08:09Z',
    time: '2026-05-06T07:08:09.000Z',
    receivedAt: '2026-05-06T07:08:10.000Z',
    provenance: 'live',
    source: { DoorToken: 'D-4' },
    key: {},
    data: { State: 'Locked' },
    ...record,
  } as EventRecord;
  return { offset: 1, record: full, json: JSON.stringify(full) };
}

/** The one message of a record, its payload read. */
export function messageOf(
  mapping: Mapping,
  record: Parameters<typeof spooled>[0] = {},
): OutboundMessage & { readonly value: unknown } {
  const messages = mapping.map(spooled(record));
  expect(messages).toHaveLength(1);
  const message = messages[0]!;
  return { ...message, value: message.payload === '' ? undefined : readJson(message.payload) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
