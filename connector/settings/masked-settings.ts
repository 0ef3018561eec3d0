import { byteSizeText } from './byte-size.ts';
import { durationText } from './duration.ts';
import { type Endpoint, endpointText } from './endpoint.ts';
import { maskUserinfo, Secret } from './secret.ts';
import type { Settings } from './settings-schema.ts';
import { isTree, type Tree } from './tree.ts';

/**
 * The settings as a configuration file would say them: every default written out, durations and sizes for people,
 * secrets `***`. Read again it gives the same settings, but for the secrets.
 */
export function maskedSettings(settings: Settings): unknown {
  return masked(settings);
}

function masked(value: unknown): unknown {
  if (value instanceof Secret) return String(value);
  if (typeof value === 'string') return value.includes('://') ? maskUserinfo(value) : value;
  if (Array.isArray(value)) return value.map(masked);
  if (!isTree(value)) return value;
  if (isEndpoint(value)) return endpointText(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => maskedEntry(key, inner)));
}

function maskedEntry(key: string, value: unknown): [string, unknown] {
  if (typeof value === 'number' && key.endsWith('Ms')) return [key.slice(0, -2), durationText(value)];
  if (typeof value === 'number' && key.endsWith('Bytes')) return [key, byteSizeText(value)];
  return [key, masked(value)];
}

function isEndpoint(value: Tree): value is Tree & Endpoint {
  return Object.keys(value).length === 2 && typeof value.host === 'string' && typeof value.port === 'number';
}
