import type { History, Law, Verdict } from './history.ts';
import { delivered } from './law-1-delivered.ts';
import { produced } from './law-2-produced.ts';
import { payload } from './law-3-payload.ts';
import { order } from './law-4-order.ts';
import { gaps } from './law-5-gaps.ts';
import { recovery } from './law-6-recovery.ts';
import { onePull } from './law-7-one-pull.ts';
import { traffic } from './law-8-traffic.ts';

/** The laws by their numbers: law n stands at n - 1. */
export const LAWS: readonly (readonly [name: string, law: Law])[] = [
  ['delivered', delivered],
  ['produced', produced],
  ['payload', payload],
  ['order', order],
  ['gaps', gaps],
  ['recovery', recovery],
  ['one pull', onePull],
  ['traffic', traffic],
];

export function judge(history: History): readonly Verdict[] {
  return LAWS.map(([, law]) => law(history));
}
