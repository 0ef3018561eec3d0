import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import { observer } from '../../connector/compose-observer.ts';
import { DeviceWorker } from '../../connector/supervision/device-worker.ts';
import { createTurnstile } from '../../connector/supervision/turnstile.ts';
import { createLog } from '../../connector/telemetry/log.ts';
import { deviceAt, knowledge, QUICK, startWorker } from '../support/device-rig.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { metricsOfSnapshot } from '../support/metrics-of-nothing.ts';
import { type DeviceReply, type DeviceRequest, envelope, scriptedDevice } from '../support/scripted-device.ts';

vi.setConfig({ testTimeout: 30_000, maxConcurrency: 20 });

const PASSWORD = 'correct-horse-battery';
const ADA = { credentials: { username: 'ada', password: { reveal: () => PASSWORD } } };

/** What of a request lets somebody else in, or tells of the password. */
function secretsIn({ headers, body }: DeviceRequest): string[] {
  const authorization = String(headers.authorization ?? '');
  const inHeader = [...authorization.matchAll(/(?:response|cnonce|nonce)="([^"]+)"/g)].map((match) => match[1]!);
  const inBody = [...body.matchAll(/<wsse:(?:Password|Nonce)[^>]*>([^<]+)</g)].map((match) => match[1]!);
  return [...inHeader, ...inBody];
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const fault = (reason: string, code = 'ter:Action', detail = '') =>
  envelope(
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>${code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${reason}</SOAP-ENV:Text></SOAP-ENV:Reason><SOAP-ENV:Detail>${detail}</SOAP-ENV:Detail></SOAP-ENV:Fault>`,
  );

/** How a device may send our login back. */
const ECHOES: Readonly<Record<string, (request: DeviceRequest) => DeviceReply>> = {
  'the header in an answer that is broken': ({ body }) => ({
    body: envelope(`<tev:PullMessagesResponse>${header(body)}<unclosed>`).replace(
      '<SOAP-ENV:Body>',
      `${header(body)}<SOAP-ENV:Body>`,
    ),
  }),
  'all of it in the Reason of a fault': (request) => ({
    status: 500,
    body: fault(
      escaped(`${PASSWORD} ${secretsIn(request).join(' ')} ${request.headers.authorization} ${header(request.body)}`),
    ),
  }),
  'it at the end of a long Reason': (request) => ({
    status: 500,
    body: fault(escaped(`${'x'.repeat(290)}${secretsIn(request).join(' ')}`)),
  }),
  'a part of it as the code of a fault': (request) => ({
    status: 500,
    body: fault('told', `ter:${escaped(secretsIn(request)[0] ?? '')}`),
  }),
  'a part of it as the limit of a fault': (request) => ({
    status: 500,
    body: fault(
      'told',
      'ter:InvalidArgVal',
      `<tev:PullMessagesFaultResponse><tev:MaxTimeout>${escaped(secretsIn(request)[0] ?? '')}</tev:MaxTimeout></tev:PullMessagesFaultResponse>`,
    ),
  }),
  'it as the name of the answer': (request) => ({
    body: envelope(`<x${(secretsIn(request)[0] ?? '').replace(/[^\w]/g, '')}/>`),
  }),
  'it on a page of HTML': (request) => ({
    body: `<html><p>${header(request.body)}${request.headers.authorization}</html>`,
  }),
  'it in the words of a refused login': (request) => ({
    status: 400,
    body: fault(escaped(`refused: ${secretsIn(request).join(' ')} ${PASSWORD}`), 'ter:NotAuthorized'),
  }),
};

const header = (body: string) => /<wsse:Security.*<\/wsse:Security>/s.exec(body)?.[0] ?? '';
const TIME =
  '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>8</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>23</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>';

/** A device that lets a login in, gives a subscription, and echoes on every pull (or on everything). */
async function echoing(
  t: TestContext,
  kind: 'digest' | 'username-token',
  echo: (request: DeviceRequest) => DeviceReply,
) {
  const asked: DeviceRequest[] = [];
  let number = 0;
  const scripted = await scriptedDevice((request) => {
    asked.push(request);
    const { operation, headers, body } = request;
    if (operation === 'GetSystemDateAndTime') return { body: envelope(TIME) };
    const loggedIn = kind === 'digest' ? headers.authorization !== undefined : body.includes('UsernameToken');
    if (!loggedIn) {
      const nonce = createHash('sha1').update(String(number++)).digest('hex');
      return kind === 'digest'
        ? { status: 401, headers: { 'www-authenticate': `Digest realm="r", qop="auth", nonce="${nonce}"` } }
        : { status: 400, body: fault('who are you', 'ter:NotAuthorized') };
    }
    if (operation === 'CreatePullPointSubscription') {
      const now = Date.now();
      const iso = (ms: number) => new Date(ms).toISOString();
      return {
        body: envelope(
          `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>${scripted.origin}/s</wsa:Address></tev:SubscriptionReference><wsnt:CurrentTime>${iso(now)}</wsnt:CurrentTime><wsnt:TerminationTime>${iso(now + 60_000)}</wsnt:TerminationTime></tev:CreatePullPointSubscriptionResponse>`,
        ),
      };
    }
    return echo(request);
  });
  t.onTestFinished(() => scripted.close());
  return { scripted, asked };
}

describe.concurrent('a device that echoes', () => {
  for (const [what, echo] of Object.entries(ECHOES)) {
    for (const kind of ['digest', 'username-token'] as const) {
      it(`${what}: nothing of it gets out, by ${kind}`, async (t) => {
        const { scripted, asked } = await echoing(t, kind, echo);
        let logged = '';
        const destination = new Writable({
          write(chunk, _, done) {
            logged += chunk;
            done();
          },
        });
        const metrics = metricsOfSnapshot();
        const observing = observer(metrics, createLog('trace', 'json', destination), systemClock);
        const spool = memorySpool();
        const device = deviceAt(`${scripted.origin}/onvif/device_service`, ADA);
        const worker = new DeviceWorker({
          ...{ device, filter: undefined, wishes: QUICK, ...knowledge, spool, clock: systemClock, observer: observing },
          turnstile: createTurnstile(8),
        });
        t.onTestFinished(() => worker.stop());
        await vi.waitFor(
          () => expect(asked.filter((request) => secretsIn(request).length > 0).length).toBeGreaterThan(0),
          {
            timeout: 20_000,
          },
        );
        await vi.waitFor(() => expect(logged).toMatch(/ttention|error|gap/), { timeout: 10_000 });
        await worker.stop();
        const out = [
          logged,
          await metrics.expose(),
          JSON.stringify(spool.records),
          JSON.stringify(spool.appends),
          JSON.stringify(spool.learned('front-door') ?? null),
        ].join('\n');
        for (const secret of [PASSWORD, ...asked.flatMap(secretsIn)]) {
          expect(out).not.toContain(secret);
          // Nor cut to pieces.
          if (secret.length >= 24) expect(out).not.toContain(secret.slice(0, 16));
        }
      });
    }
  }
});

describe('a device that sends us elsewhere', () => {
  it.each([301, 302, 303, 307, 308])('is not followed, HTTP %i', async (status) => {
    const elsewhere = await scriptedDevice(() => ({ body: envelope(TIME) }));
    const location = `${elsewhere.origin}/onvif/device_service`;
    const scripted = await scriptedDevice(() => ({ status, headers: { location } }));
    const { worker, observer: told } = startWorker(deviceAt(`${scripted.origin}/x`, ADA), memorySpool());
    await vi.waitFor(() => expect(told.lines.join('\n')).toContain('is not followed'), { timeout: 10_000 });
    await worker.stop();
    expect(elsewhere.requests).toEqual([]);
    await Promise.all([scripted.close(), elsewhere.close()]);
  });
});
