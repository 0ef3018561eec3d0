import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { meant } from './mapping-file.ts';

/** Rows to look up, by key. */
export interface Table {
  /** Fields a row may have; undefined where rows are written in the mapping, each with its own. */
  readonly fields: ReadonlySet<string> | undefined;
  readonly isPersonal: boolean;
  row(key: string): Row | undefined;
  /** The row without what names a person. */
  publicRow(key: string): Row | undefined;
}

export type Row = Readonly<Record<string, unknown>>;

/** As a mapping file writes it. */
export const tableSchema = z.strictObject({
  rows: z.record(z.string(), z.unknown()).optional(),
  csv: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  delimiter: z.string().length(1).optional(),
  hashed: z.boolean().optional(),
  personal: z.array(z.string()).optional(),
});

export type WrittenTable = z.output<typeof tableSchema>;

const LARGEST_FILE = 64 * 1024 * 1024;
const MOST_ROWS = 1_000_000;

/** Reads a table, relative to the mapping `file`. @returns what is wrong with it, where anything is */
export function readTable(
  written: WrittenTable,
  file: string,
  hash: (value: string) => string,
): Table | { readonly fault: string; readonly member: string } {
  const { rows, csv } = written;
  if ((rows === undefined) === (csv === undefined)) return { fault: "must have either 'rows' or 'csv'", member: '' };
  const keyOf = written.hashed === true ? hash : (key: string) => key;
  const personal = new Set(written.personal);
  if (rows !== undefined) return rowsTable(rows, personal, keyOf);
  if (written.key === undefined) return { fault: "needs 'key': the name of the column to look up by", member: '' };
  return csvTable(resolve(dirname(file), csv!), written, written.key, personal, keyOf);
}

function rowsTable(
  rows: Readonly<Record<string, unknown>>,
  personal: ReadonlySet<string>,
  keyOf: (key: string) => string,
): Table | { fault: string; member: string } {
  const entries = new Map<string, Row>();
  for (const [key, row] of Object.entries(rows)) {
    // A row of one value: its field is called value.
    entries.set(
      keyOf(key),
      typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as Row) : { value: row },
    );
  }
  return tableOf(entries, undefined, personal);
}

function csvTable(
  path: string,
  { delimiter = ',' }: WrittenTable,
  key: string,
  personal: ReadonlySet<string>,
  keyOf: (key: string) => string,
): Table | { fault: string; member: string } {
  let records: Record<string, string>[];
  let columns: string[] = [];
  try {
    const { size } = statSync(path);
    if (size > LARGEST_FILE) return { fault: `${path} is larger than ${LARGEST_FILE} bytes`, member: 'csv' };
    records = parse(readFileSync(path, 'utf8'), {
      bom: true,
      delimiter,
      columns: (header: string[]) => {
        columns = header.map((name) => name.trim());
        return columns;
      },
      skip_empty_lines: true,
      trim: true,
      to: MOST_ROWS + 1,
    }) as Record<string, string>[];
  } catch (error) {
    return { fault: `${path}: ${messageOf(error)}`, member: 'csv' };
  }
  if (records.length > MOST_ROWS) return { fault: `${path} has more than ${MOST_ROWS} rows`, member: 'csv' };
  for (const [member, names] of [
    ['key', [key]],
    ['personal', [...personal]],
  ] as const) {
    const unknown = names.find((name) => !columns.includes(name));
    if (unknown === undefined) continue;
    return {
      fault: `${path} has no column '${unknown}'; ${meant(unknown, columns) ?? `it has ${columns.join(', ')}`}`,
      member,
    };
  }
  const entries = new Map<string, Row>();
  for (const [index, record] of records.entries()) {
    const text = record[key]!;
    if (text === '') continue;
    const hashedKey = keyOf(text);
    // The key itself may be a card number: only its place is told.
    if (entries.has(hashedKey))
      return { fault: `${path}: row ${index + 2} has a key that is there before`, member: 'csv' };
    entries.set(
      hashedKey,
      Object.fromEntries(
        Object.entries(record).filter(
          ([name, value]) => value !== '' && (keyOf === String || name !== key || hashedKey === text),
        ),
      ),
    );
  }
  return tableOf(entries, new Set(columns), personal);
}

function tableOf(
  rows: ReadonlyMap<string, Row>,
  fields: ReadonlySet<string> | undefined,
  personal: ReadonlySet<string>,
): Table {
  const row = (key: string) => rows.get(key);
  return {
    fields,
    isPersonal: personal.size > 0,
    row,
    publicRow(key) {
      const whole = row(key);
      if (whole === undefined || personal.size === 0) return whole;
      return Object.fromEntries(Object.entries(whole).filter(([name]) => !personal.has(name)));
    },
  };
}
