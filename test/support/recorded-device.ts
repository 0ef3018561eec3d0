import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { FakeClock } from './fake-clock.ts';
import { type DeviceReply, envelope, faultEnvelope, type ScriptedDevice, scriptedDevice } from './scripted-device.ts';

/** One line of a recorded session. */
export interface Exchange {
  readonly timestamp: string;
  readonly url: string;
  readonly soap_action: string;
  readonly response_status: number;
  readonly response: string;
}

export function readSession(file: string): Exchange[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Exchange);
}

/** `PullMessages` of `…/PullMessagesRequest`. */
export const operationOf = ({ soap_action }: Exchange): string => /(\w+?)(?:Request)?$/.exec(soap_action)?.[1] ?? '';

/** A device that gives the answers of a recorded session again. */
export interface RecordedDevice extends ScriptedDevice {
  /** Recorded answers that were not asked for yet, by operation. */
  left(operation: string): number;
  /** Resolves when a pull waits for which nothing was recorded. */
  readonly exhausted: Promise<void>;
}

const RESOURCE_UNKNOWN = '<wsrf-r:ResourceUnknownFault xmlns:wsrf-r="http://docs.oasis-open.org/wsrf/r-2"/>';

/**
 * Answers in recorded order, by operation and path; time moves on to the moment each was recorded, without waiting. A pull
 * for which nothing is left blocks if its subscription was the last one, until that is unsubscribed; else the subscription is
 * gone. What was not recorded is not supported, but for the clock.
 */
export async function recordedDevice(exchanges: readonly Exchange[], clock: FakeClock): Promise<RecordedDevice> {
  const left = [...exchanges];
  const lastPath = pathOf(exchanges.findLast((exchange) => operationOf(exchange) === 'PullMessages')!);
  let exhausted = () => {};
  const done = new Promise<void>((resolve) => {
    exhausted = resolve;
  });
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const gone: DeviceReply = { status: 500, body: faultEnvelope(['SOAP-ENV:Receiver'], RESOURCE_UNKNOWN) };
  const device = await scriptedDevice(async ({ operation, path }) => {
    const at = left.findIndex(
      (exchange) => operationOf(exchange) === operation && sameEndpoint(exchange, operation, path),
    );
    if (at >= 0) {
      const [{ timestamp, response_status: status, response: body }] = left.splice(at, 1) as [Exchange];
      clock.advanceTo(Date.parse(timestamp));
      return { status, body };
    }
    if (operation === 'GetSystemDateAndTime') return { body: systemDateAndTime(clock.now()) };
    if (operation === 'Unsubscribe') {
      end();
      return { body: envelope('<wsnt:UnsubscribeResponse/>') };
    }
    if (operation !== 'PullMessages')
      return { status: 500, body: faultEnvelope(['SOAP-ENV:Receiver', 'ter:ActionNotSupported']) };
    if (path === lastPath) {
      exhausted();
      await ended;
    }
    return gone;
  });
  return {
    ...device,
    left: (operation) => left.filter((exchange) => operationOf(exchange) === operation).length,
    exhausted: done,
  };
}

/** Subscriptions are told apart by their path and query; services may stand anywhere. */
function sameEndpoint(exchange: Exchange, operation: string, path: string): boolean {
  return !['PullMessages', 'Renew'].includes(operation) || pathOf(exchange) === path;
}

function pathOf({ url }: Exchange): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Core 8.3.6 */
function systemDateAndTime(now: number): string {
  const at = new Date(now);
  const time = `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time>`;
  const date = `<tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date>`;
  return envelope(
    `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>${time}${date}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
  );
}
