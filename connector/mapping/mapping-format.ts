import type { z } from 'zod';
import type { MappedDevice, Mapping } from './mapping.ts';

/** `file:line: message` for the member of the mapping file at `path`. */
export type Located = (path: readonly (string | number)[], message: string) => string;

/** What a format may know beyond its own options. */
export interface FormatContext {
  readonly devices: ReadonlyMap<string, MappedDevice>;
  /** First level of the connector's own topics. */
  readonly baseTopic: string;
  /** The connector's own version, for those who want to know who writes. */
  readonly version?: string | undefined;
  /** Where our own mappings are. */
  readonly mappingsDirectory: string;
  /** The mapping's name: its file's without the ending. */
  readonly name: string;
  /** The mapping file; others it names are relative to its folder. */
  readonly file: string;
  readonly located: Located;
  /** Keyed hash of a value that must not be read. */
  readonly hash: (value: string) => string;
}

/** What a format makes: the map function alone, or all that a Mapping has but its name. */
export type OpenedFormat = Mapping['map'] | Omit<Mapping, 'name'>;

/** A way to write records: the options a mapping file may give it, and how to make the function out of them. */
export interface Format<Options extends z.ZodObject = z.ZodObject> {
  readonly options: Options;
  /** @throws ConfigurationError; one with the code `mapping-invalid` has its places in the file already */
  open(options: z.output<Options>, context: FormatContext): OpenedFormat;
  /** Faults of a file whose shape is wrong somewhere, in those parts that are sound: all of them are told at once. */
  inspect?(written: Readonly<Record<string, unknown>>, context: FormatContext): readonly string[];
  /** Other files that belong to the mapping, as the file names them. */
  files?(written: Readonly<Record<string, unknown>>): readonly string[];
}
