import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import { type NotifyNotice, type NotifyStatistics, notifyDoor } from './notify-door.ts';
import { NOTIFY_LIMITS, type NotifyLimits } from './notify-limits.ts';
import { listenForNotify, type NotifyListenerOptions } from './notify-listener.ts';
import { NotifyMailbox } from './notify-mailbox.ts';
import { newNotifyPath, notifyPathOf, notifyUrl } from './notify-path.ts';
import { allowedSources, deviceAddresses, localAddressTowards } from './notify-source.ts';

export interface NotificationConsumerOptions extends Pick<NotifyListenerOptions, 'host' | 'port' | 'tls'> {
  /** What devices are told; where undefined, the address of ours from which each is reached. */
  readonly url: string | undefined;
  /** Where a Notify may come from besides its device's own addresses: `any`, addresses, networks. */
  readonly allowFrom: readonly string[];
  readonly clock: Clock;
  readonly onNotice: (notice: NotifyNotice) => void;
  readonly limits?: Partial<NotifyLimits> | undefined;
}

/**
 * The NotificationConsumer of WS-BaseNotification 1.3 section 3 for all devices: one listener, a path for each subscription. It
 * is nobody's to log in to: who knows the path and comes from the device's address is believed (trap 71).
 */
export interface NotificationConsumer {
  readonly port: number;
  readonly statistics: NotifyStatistics;
  /** A mailbox for a new subscription of `device`, which is reached at `host`. @throws Error where no route leads there */
  open(device: string, host: string): Promise<NotifyMailbox>;
  /** The mailbox of a subscription that lives; null where we are no longer found at the URL it was told. */
  reopen(device: string, host: string, url: string): Promise<NotifyMailbox | null>;
  /** What comes for `url` until `until` (wall ms) waits for its worker, or is turned away for now: it is not unknown. */
  expect(url: string, until: number): void;
  /** What comes for `url` is for nobody. */
  forget(url: string): void;
  close(): Promise<void>;
}

/** @throws FatalError `notification-listen` where the address cannot be had */
export async function startNotificationConsumer(options: NotificationConsumerOptions): Promise<NotificationConsumer> {
  const { clock, host: listen, tls, onNotice } = options;
  const limits = { ...NOTIFY_LIMITS, ...options.limits };
  const allowed = allowedSources(options.allowFrom);
  const mailboxes = new Map<string, NotifyMailbox>();
  const mailboxOf = (path: string) => mailboxes.get(path);
  /** Subscriptions whose device may be at `source`. */
  const behind = (source: string) => {
    const all = [...mailboxes.values()];
    return allowed(source) ? all : all.filter(({ owner }) => owner === null || owner.addresses.known(source));
  };
  const door = notifyDoor({ limits, clock, mailboxOf, allowed, onNotice });
  const listener = await listenForNotify({
    ...{ host: listen, port: options.port, tls, limits, answer: door.answer },
    connectionsOf: (source) => limits.connectionsPerSource + PER_SUBSCRIPTION * behind(source).length,
    onOverrun(source, why) {
      for (const mailbox of behind(source)) mailbox.refusals.note(`a connection from ${source} was closed: ${why}`);
      door.notice({ code: 'overrun', message: `a connection from ${source} was closed: ${why}`, facts: { source } });
    },
  });
  /** What a device at `host` is told to send to. */
  const baseFor = async (host: string): Promise<string> => {
    if (options.url !== undefined) return options.url;
    const any = listen === '0.0.0.0' || listen === '::';
    const address = any ? await localAddressTowards(host, listen === '::' ? undefined : 4) : listen;
    return `${tls === undefined ? 'http' : 'https'}://${isIP(address) === 6 ? `[${address}]` : address}:${listener.port}`;
  };
  const mailboxAt = (url: string): NotifyMailbox => {
    const path = notifyPathOf(url);
    const mailbox = mailboxes.get(path) ?? new NotifyMailbox(url, clock, limits);
    mailboxes.set(path, mailbox);
    return mailbox;
  };
  const forget = (url: string) => {
    mailboxes.get(notifyPathOf(url))?.close();
    mailboxes.delete(notifyPathOf(url));
  };
  return {
    port: listener.port,
    statistics: door.statistics,
    async open(device, host) {
      const mailbox = mailboxAt(notifyUrl(await baseFor(host), newNotifyPath()));
      mailbox.attach({ device, addresses: deviceAddresses(host, clock) });
      return mailbox;
    },
    async reopen(device, host, url) {
      if (url !== notifyUrl(await baseFor(host), notifyPathOf(url))) return null;
      const mailbox = mailboxAt(url);
      mailbox.attach({ device, addresses: deviceAddresses(host, clock) });
      return mailbox;
    },
    expect: (url, until) => mailboxAt(url).detach(until - clock.now(), () => forget(url)),
    forget,
    async close() {
      for (const { url } of [...mailboxes.values()]) forget(url);
      await listener.close();
    },
  };
}

/** Connections allowed for each more subscription behind one address. */
const PER_SUBSCRIPTION = 8;
