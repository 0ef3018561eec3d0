import type { Clock } from './clock.ts';
import { ConnectorError, messageOf } from './errors.ts';
import type { WorkerObserver } from './supervision/worker-observer.ts';
import type { Log } from './telemetry/log.ts';
import type { DeviceIdentity, Metrics } from './telemetry/metrics.ts';

/**
 * What workers tell, as metrics and log lines. WARN = unexpected, no data lost; ERROR = data lost or a person needed.
 * No line per event: counters have those.
 */
export function observer(metrics: Metrics, log: Log, clock: Clock): WorkerObserver {
  return {
    received: (device, { notifications, pullMs, at }) => metrics.received(device, notifications, pullMs / 1000, at),
    deviceStatus(device, status, error) {
      metrics.deviceStatus(device, status);
      if (error === null) log.info({ device, status }, 'device status');
      else log.warn({ device, ...described(error), status }, 'device status');
    },
    deviceProfile(device, profile, address) {
      const identity = identityOf({ ...profile.information });
      metrics.deviceIdentity(device, identity);
      const { serial: _, ...known } = identity;
      const topics = profile.topicSet?.topics.length ?? 0;
      log.info({ device, address, ...known, topics }, 'device connected');
      for (const missing of profile.missing)
        log.warn({ device, missing }, 'the device does not tell something; going on without');
    },
    subscribed(device, how, epoch) {
      metrics.epoch(device, epoch);
      log.info({ device, how, epoch }, 'subscribed');
    },
    clockSkew: (device, skewMs) => metrics.clockSkew(device, skewMs / 1000),
    gap(device, reason, detail) {
      metrics.gap(device, reason, clock.now());
      log.error({ device, reason, detail }, 'events may be lost: a gap record says when');
    },
    synchronized: (device, properties, changed) => log.debug({ device, properties, changed }, 'property states known'),
    learned: (device, what, value, from) => log.info({ device, what, value, from }, 'learned of the device'),
    deviceTrouble(device, what, error) {
      metrics.deviceError(device, codeOf(error));
      log.warn({ device, ...described(error) }, what);
    },
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
    statesRestored(sink, messages, refused, why) {
      if (refused > 0) log.warn({ sink, messages, refused, why }, 'states given again, and some refused');
      else log.info({ sink, messages, why }, 'states given again');
    },
    buried(sink, count, reason) {
      metrics.deadLetters(sink, count, clock.now());
      log.error({ sink, count, reason }, 'a record was put into the dead letters');
    },
    sinkTrouble(sink, what, error) {
      metrics.publishError(sink, codeOf(error));
      log.warn({ sink, ...described(error) }, what);
    },
  };
}

/** Codes are ours, and few. */
function codeOf(error: Error): string {
  return error instanceof ConnectorError ? error.code : 'unknown';
}

const LONGEST_NAME = 128;

/** As `identity` of a `device` record and the answer to GetDeviceInformation have it. */
export function identityOf(information: Readonly<Partial<Record<string, string>>>): DeviceIdentity {
  const { manufacturer, model, firmwareVersion: firmware, serialNumber: serial } = information;
  // Whatever a device says: a label is a name and no story.
  const name = (text = '') => text.slice(0, LONGEST_NAME);
  return { manufacturer: name(manufacturer), model: name(model), firmware: name(firmware), serial: name(serial) };
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
