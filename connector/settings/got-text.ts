import { maskUserinfo, Secret } from './secret.ts';

const LONGEST = 60;

/** A value as a fault may repeat it: `"verbos"`, `the number 5`, `a list`. Passwords inside URLs are masked. */
export function gotText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (value instanceof Secret) return 'a secret';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value !== 'string') return typeof value === 'object' ? 'a group of keys' : String(value);
  const text = maskUserinfo(value).replace(/\s+/g, ' ');
  return `"${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}"`;
}
