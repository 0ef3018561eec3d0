import { z } from 'zod';
import { name } from './value-schemas.ts';

/** Keys that sinks have in common. */
export const sinkName = name().describe('Identity of the sink; its place in the spool is kept under this name.');
export const clientId = z
  .string()
  .min(1)
  .max(200)
  .describe("Client identifier; unique among all clients of the broker. None = made from the sink's name.");
