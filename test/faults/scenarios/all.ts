import type { Scenario } from '../harness/scenario.ts';
import {
  deviceClockJumps,
  ownClockJumpInOutage,
  ownClockJumps,
  powerCycle2017,
  powerCycles,
  recycledIds,
  recycledIdsWrongClock,
  storedAt2017,
} from './device.ts';
import { brokerResets, cutAnswers, halfOpen, resets, storms } from './network.ts';
import { partlyPersistentOutage, persistentOutage, plainOutage } from './outages.ts';
import { brokerDown, killedConnector } from './processes.ts';
import { pushedHalfOpen, pushedKill, pushedPowerCycle, pushedSilence, reorderedNotify } from './pushed.ts';
import { changedPassword, refusedSubscriptions } from './refusals.ts';
import { diskFull, dnsGone } from './surroundings.ts';

/** Longest first: what starts last should not be what takes longest. */
export const SCENARIOS: readonly Scenario[] = [
  changedPassword,
  persistentOutage,
  partlyPersistentOutage,
  brokerDown,
  plainOutage,
  refusedSubscriptions,
  resets,
  storms,
  halfOpen,
  cutAnswers,
  deviceClockJumps,
  ownClockJumps,
  dnsGone,
  pushedSilence,
  recycledIds,
  recycledIdsWrongClock,
  pushedHalfOpen,
  pushedKill,
  pushedPowerCycle,
  storedAt2017,
  diskFull,
  killedConnector,
  powerCycles,
  powerCycle2017,
  ownClockJumpInOutage,
  reorderedNotify,
  brokerResets,
];
