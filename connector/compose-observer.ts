import { ConnectorError, messageOf } from './errors.ts';
import type { WorkerObserver } from './supervision/worker-observer.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Name and site of a configured device, for `onvif_device_info`. */
export interface NamedDevice {
  readonly id: string;
  readonly name?: string | undefined;
  readonly site?: string | undefined;
}

/**
 * What workers tell, as metrics and log lines. WARN = unexpected, no data lost; ERROR = data lost or a person needed.
 * No line per event: counters have those.
 */
export function observer(metrics: Metrics, log: Log, devices: ReadonlyMap<string, NamedDevice>): WorkerObserver {
  return {
    received: (device, { notifications, pullMs, at }) => metrics.received(device, notifications, pullMs / 1000, at),
    deviceStatus(device, status, error) {
      metrics.deviceUp(device, status === 'online');
      if (error === null) log.info({ device, status }, 'device status');
      else log.warn({ device, ...described(error), status }, 'device status');
    },
    deviceProfile(device, profile, address) {
      const { name = '', site = '' } = devices.get(device) ?? {};
      const {
        manufacturer = '',
        model = '',
        firmwareVersion: firmware = '',
        serialNumber: serial = '',
      } = profile.information ?? {};
      metrics.deviceInfo(device, { name, site, manufacturer, model, firmware, serial });
      const topics = profile.topicSet?.topics.length ?? 0;
      log.info({ device, address, manufacturer, model, firmware, topics }, 'device connected');
      for (const missing of profile.missing)
        log.warn({ device, missing }, 'the device does not tell something; going on without');
    },
    subscribed(device, how, epoch) {
      metrics.epoch(device, epoch);
      log.info({ device, how, epoch }, 'subscribed');
    },
    clockSkew: (device, skewMs) => metrics.clockSkew(device, skewMs / 1000),
    gap(device, reason, detail) {
      metrics.gap(device, reason);
      log.error({ device, reason, detail }, 'events may be lost: a gap record says when');
    },
    synchronized: (device, properties, changed) => log.debug({ device, properties, changed }, 'property states known'),
    learned: (device, what, value, from) => log.info({ device, what, value, from }, 'learned of the device'),
    deviceTrouble: (device, what, error) => log.warn({ device, ...described(error) }, what),
    sinkStatus(sink, connected, error) {
      if (connected) log.info({ sink }, 'sink connected');
      else if (error !== null) log.warn({ sink, ...described(error) }, 'sink disconnected');
    },
    delivered(sink, runs, at) {
      let count = 0;
      for (const run of runs) {
        count += run.count;
        metrics.delivery(sink, run.count, Math.max(0, at - run.readAt) / 1000);
      }
      metrics.published(sink, count);
    },
    buried(sink, count, reason) {
      metrics.deadLetters(sink, count);
      log.error({ sink, count, reason }, 'a record was put into the dead letters');
    },
    sinkTrouble(sink, what, error) {
      metrics.publishError(sink, error instanceof ConnectorError ? error.code : 'unknown');
      log.warn({ sink, ...described(error) }, what);
    },
  };
}

/** An error as log members: its facts were chosen to be printable where it was born. */
export function described(error: Error): Record<string, unknown> {
  return error instanceof ConnectorError
    ? { ...error.facts, error: error.message, code: error.code }
    : { error: messageOf(error), code: 'unexpected', stack: error.stack };
}

/** Names enough for a log line. */
export function shortList(names: readonly string[]): string[] {
  const most = 20;
  return names.length <= most ? [...names] : [...names.slice(0, most), `and ${names.length - most} more`];
}
