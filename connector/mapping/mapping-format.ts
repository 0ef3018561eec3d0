import type { z } from 'zod';
import type { MappedDevice, Mapping } from './mapping.ts';

/** What a format may know beyond its own options. */
export interface FormatContext {
  readonly devices: ReadonlyMap<string, MappedDevice>;
  /** First level of the connector's own topics. */
  readonly baseTopic: string;
}

/** A way to write records: the options a mapping file may give it, and how to make the function out of them. */
export interface Format<Options extends z.ZodObject = z.ZodObject> {
  readonly options: Options;
  open(options: z.output<Options>, context: FormatContext): Mapping['map'];
}
