import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { systemClock } from '../../connector/clock.ts';
import type { DeviceOptions } from '../../connector/device/device-session.ts';
import { readCatalogue } from '../../connector/normalize/catalogue.ts';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import { readTopicNamespaces } from '../../connector/normalize/topic-namespaces.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import type { SubscriptionWishes } from '../../connector/subscription/device-habits.ts';
import type { FlowChoice } from '../../connector/subscription/flow-choice.ts';
import type { SubscriptionFilter } from '../../connector/subscription/subscription-operations.ts';
import { DeviceWorker } from '../../connector/supervision/device-worker.ts';
import { createTurnstile } from '../../connector/supervision/turnstile.ts';
import { type Observed, observed } from './observed.ts';

const data = (name: string): unknown => parse(readFileSync(new URL(`../../mappings/${name}`, import.meta.url), 'utf8'));

/** What the product knows before it has met a device. */
export const knowledge = {
  namespaces: readTopicNamespaces(data('topic-namespaces.yaml'), 'topic-namespaces.yaml'),
  catalogue: readCatalogue(data('standard-topics.yaml'), 'standard-topics.yaml'),
};

/** Short pulls and leases, so that much happens in a test's time. */
export const QUICK: SubscriptionWishes = { pullTimeoutMs: 1_000, messageLimit: 100, lifetimeMs: 10_000 };

export function deviceAt(address: string, login: Partial<DeviceOptions> = {}): DeviceOptions {
  return { id: 'front-door', address, authentication: 'auto', requestTimeoutMs: 3_000, ...login };
}

/** The real worker for one device over the spool given. */
export function startWorker(
  device: DeviceOptions,
  spool: Spool,
  {
    filter,
    wishes = QUICK,
    flows,
    quirks,
  }: {
    filter?: SubscriptionFilter;
    wishes?: SubscriptionWishes;
    flows?: FlowChoice;
    quirks?: readonly string[] | undefined;
  } = {},
): { readonly worker: DeviceWorker; readonly observer: Observed } {
  const observer = observed();
  const worker = new DeviceWorker({
    ...{ device, filter, wishes, quirks, ...knowledge, spool, clock: systemClock, observer, flows },
    turnstile: createTurnstile(8),
  });
  return { worker, observer };
}

/** Notifications that a test caused, by the number it gave them (item `N`). */
export function numbersIn(records: readonly EventRecord[]): number[] {
  return records.flatMap((record) =>
    record.kind === 'notification' && 'N' in record.data ? [Number(record.data.N)] : [],
  );
}

/** Raises an event that `numbersIn` finds again. */
export function raise(device: SimulatedDevice, number: number): void {
  device.emit('tns1:Device/OperationMode/ShutdownInitiated', { data: { N: number } });
}

export function notificationsIn(records: readonly EventRecord[], topic?: string): NotificationRecord[] {
  return records.filter(
    (record): record is NotificationRecord =>
      record.kind === 'notification' && (topic === undefined || record.topic === topic),
  );
}
