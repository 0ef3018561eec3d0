import { z } from 'zod';
import { tableSchema } from './tables.ts';

/*
 * The shape of a file of rules. What stands for a value, a condition or a template is compiled elsewhere, with faults of
 * its own; here it is `unknown`.
 */

const oneOrMany = <T extends z.ZodType>(each: T) =>
  z.preprocess(
    (written) => (Array.isArray(written) || written === undefined ? written : [written]),
    z.array(each).min(1),
  );

const template = oneOrMany(z.string());
const values = z.record(z.string(), z.unknown());

const message = {
  topic: template.optional(),
  key: template.optional(),
  payload: z.unknown().optional(),
  contentType: z.string().min(1).optional(),
  retain: z.enum(['never', 'properties', 'always']).optional(),
  attributes: z.boolean().optional(),
  extensions: values.optional(),
};

const match = z.strictObject({
  kind: oneOrMany(z.enum(['notification', 'gap', 'synchronized', 'device', 'status'])).optional(),
  topic: z.string().optional(),
  operation: oneOrMany(z.enum(['Initialized', 'Changed', 'Deleted', 'none'])).optional(),
  provenance: oneOrMany(z.enum(['live', 'synchronization', 'replay'])).optional(),
  changed: z.boolean().optional(),
  device: oneOrMany(z.string()).optional(),
  site: oneOrMany(z.string()).optional(),
  where: z.unknown().optional(),
  jsonata: z.string().optional(),
});

export const messageSchema = z.strictObject({ ...message, when: z.unknown().optional() });

export const ruleSchema = z.strictObject({
  name: z.string().min(1).max(100),
  match: match.optional(),
  continue: z.boolean().optional(),
  drop: z.boolean().optional(),
  let: values.optional(),
  emit: z.array(messageSchema).min(1).optional(),
  ...message,
});

export const defaultsSchema = z.strictObject(message);

export const rulesOptions = z.object({
  format: z.literal('rules'),
  defaults: defaultsSchema.optional(),
  tables: z.record(z.string(), tableSchema).optional(),
  let: values.optional(),
  deviceRecords: z.enum(['publish', 'omit']).optional(),
  rules: z.array(ruleSchema).max(1000),
});

export type WrittenRules = z.output<typeof rulesOptions>;
export type WrittenRule = z.output<typeof ruleSchema>;
export type WrittenMessage = z.output<typeof messageSchema>;
export type WrittenMatch = z.output<typeof match>;
export type WrittenDefaults = z.output<typeof defaultsSchema>;
