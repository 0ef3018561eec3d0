import { type Law, markOf } from './history.ts';

/** 8. Enough traffic flowed, before, during and after the faults, and enough went wrong, for 1-7 to mean something. */
export const traffic: Law = ({ truth, envelope, onvifEj, faults, expected, strikes, subscribedAt }) => {
  const violations: string[] = [];
  const came = new Set(envelope.map(markOf));
  came.delete(undefined);
  if (came.size < expected.events) violations.push(`${came.size} events came, fewer than ${expected.events}`);
  if (onvifEj.length === 0) violations.push('nothing came by onvif-ej');
  if (strikes < expected.strikes) violations.push(`the faults struck ${strikes} times, fewer than ${expected.strikes}`);
  const first = Math.min(...faults.map(({ from }) => from));
  const last = Math.max(...faults.map(({ to }) => to));
  const parts = {
    'before the faults': truth.filter(({ at }) => at >= subscribedAt && at < first),
    'after the faults': truth.filter(({ at }) => at > last),
  };
  for (const [name, events] of Object.entries(parts))
    if (!events.some(({ mark }) => came.has(mark))) violations.push(`no event of the time ${name} came`);
  return { checked: came.size, violations };
};
