import { readFile } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import type { Settings } from './settings/settings-schema.ts';
import type { Spool } from './spool/spool.ts';
import { type NotificationConsumer, startNotificationConsumer } from './subscription/notification-consumer.ts';
import type { Log } from './telemetry/log.ts';

/**
 * The receiver of all devices that send by themselves; undefined where it is not configured. Started before the workers: what
 * devices send for the subscriptions of the process before us waits for them.
 *
 * @throws FatalError `notification-listen`
 */
export async function startConsumerOf(
  { baseNotification, devices }: Settings,
  { spool, clock, log }: { readonly spool: Spool; readonly clock: Clock; readonly log: Log },
): Promise<NotificationConsumer | undefined> {
  if (baseNotification === undefined) return undefined;
  const { listen, url, tls, allowFrom } = baseNotification;
  const pem = (file: string) => readFile(file, 'utf8');
  const consumer = await startNotificationConsumer({
    ...{ host: listen.host, port: listen.port, url, allowFrom, clock },
    tls: tls && { cert: await pem(tls.cert), key: await pem(tls.key) },
    onNotice: ({ code, message, facts }) => log.warn({ ...facts, code }, message),
  });
  log.info({ ...listen, port: consumer.port, url }, 'devices can send here');
  for (const { id } of devices) {
    const { consumer: told, leaseUntil = 0 } = spool.checkpoint(id)?.subscription ?? {};
    if (told !== undefined) consumer.expect(told, leaseUntil);
  }
  return consumer;
}
