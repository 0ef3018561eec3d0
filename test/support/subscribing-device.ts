import type { TestContext } from 'vitest';
import { type DeviceReply, type DeviceRequest, envelope, scriptedDevice } from './scripted-device.ts';

const TIMES = (lifetimeMs: number, prefix: string) => {
  const iso = (ms: number) => new Date(ms).toISOString();
  const now = Date.now();
  return `<${prefix}:CurrentTime>${iso(now)}</${prefix}:CurrentTime><${prefix}:TerminationTime>${iso(now + lifetimeMs)}</${prefix}:TerminationTime>`;
};

const clock = () => {
  const now = new Date();
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>${now.getUTCHours()}</tt:Hour><tt:Minute>${now.getUTCMinutes()}</tt:Minute><tt:Second>${now.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${now.getUTCFullYear()}</tt:Year><tt:Month>${now.getUTCMonth() + 1}</tt:Month><tt:Day>${now.getUTCDate()}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
};

/** What it answers instead of the usual to the request, the `number`th of its operation from 1. */
export type Deviation = (request: DeviceRequest, number: number) => DeviceReply | 'hang-up' | undefined;

/** A device that gives subscriptions and, after 300 ms, empty answers; all else it does not support. */
export async function subscribingDevice(t: TestContext, deviation: Deviation, lifetimeMs = 60_000) {
  const counts = new Map<string, number>();
  let id = 0;
  const scripted = await scriptedDevice(async (request, response) => {
    const { operation } = request;
    const number = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, number);
    const other = deviation(request, number);
    if (other === 'hang-up') {
      response.destroy();
      return 'by-hand';
    }
    if (other !== undefined) return other;
    switch (operation) {
      case 'GetSystemDateAndTime':
        return { body: envelope(clock()) };
      case 'CreatePullPointSubscription':
        return {
          body: envelope(
            `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>${scripted.origin}/s${++id}</wsa:Address></tev:SubscriptionReference>${TIMES(lifetimeMs, 'wsnt')}</tev:CreatePullPointSubscriptionResponse>`,
          ),
        };
      case 'PullMessages':
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { body: envelope(`<tev:PullMessagesResponse>${TIMES(lifetimeMs, 'tev')}</tev:PullMessagesResponse>`) };
      case 'Renew':
        return { body: envelope(`<wsnt:RenewResponse>${TIMES(lifetimeMs, 'wsnt')}</wsnt:RenewResponse>`) };
      case 'Unsubscribe':
      case 'SetSynchronizationPoint':
        return {
          body: envelope(`<x:${operation}Response xmlns:x="urn:whatever"/>`),
        };
      default:
        return {
          status: 500,
          body: envelope(
            '<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:ActionNotSupported</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">no</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>',
          ),
        };
    }
  });
  t.onTestFinished(() => scripted.close());
  return { scripted, asked: (operation: string) => scripted.requests.filter((each) => each.operation === operation) };
}
