import type { Law } from './history.ts';
import { firstDeliveries } from './history.ts';
import { mapped } from './mapped.ts';

/** 1. Everything committed to the spool reaches every sink, or that sink's dead letters. */
export const delivered: Law = ({ envelope, onvifEj, stored }) => {
  const violations: string[] = [];
  const came = new Set(envelope.map(({ sequence }) => sequence));
  // A record in the dead letters has no number here: as many holes as letters are explained.
  const holes: number[] = [];
  for (let sequence = 1; sequence <= stored.sequence; sequence++) if (!came.has(sequence)) holes.push(sequence);
  if (holes.length > stored.deadLetters.envelope.length) {
    violations.push(
      `records ${rangesText(holes)} are in the spool (up to ${stored.sequence}) and never reached the envelope sink, whose dead letters hold ${stored.deadLetters.envelope.length}`,
    );
  }
  const buried = new Set(stored.deadLetters['onvif-ej']);
  const ids = new Set(onvifEj.map(({ id }) => id));
  const missing = firstDeliveries(envelope).filter(
    (delivery) => mapped(delivery).length > 0 && !ids.has(delivery.id) && !buried.has(delivery.id),
  );
  if (missing.length > 0) {
    violations.push(
      `${missing.length} records reached the envelope sink and not the onvif-ej sink: sequence ${rangesText(missing.map(({ sequence }) => sequence))}`,
    );
  }
  const beyond = [...came].filter((sequence) => sequence > stored.sequence);
  if (beyond.length > 0) violations.push(`records ${rangesText(beyond)} were delivered and are not in the spool`);
  return { checked: stored.sequence, violations };
};

/** `3-5, 9` of ascending numbers, cut off where there are many. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const text = ranges.slice(0, 8).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return ranges.length > 8 ? `${text.join(', ')}, … (${numbers.length} in all)` : text.join(', ');
}
