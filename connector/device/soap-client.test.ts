import { afterEach, describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import {
  type DeviceReply,
  type DeviceRequest,
  envelope,
  faultEnvelope,
  type ScriptedDevice,
  scriptedDevice,
} from '../../test/support/scripted-device.ts';
import {
  QuarantineError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import { type AuthenticationMode, authenticator } from './authenticator.ts';
import { openHttpChannel } from './http-channel.ts';
import { soapClient } from './soap-client.ts';
import { envelopeTemplate } from './soap-envelope.ts';
import { childText } from './xml-tree.ts';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const OPERATION = { name: 'GetHostname', action: 'urn:get', body: { 'tds:GetHostname': {} } };
const ANSWER = envelope('<tds:GetHostnameResponse><tds:Name> door </tds:Name></tds:GetHostnameResponse>');
const NOT_AUTHORIZED = faultEnvelope(['SOAP-ENV:Sender', 'ter:NotAuthorized']);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A client that talks to a device by `script`. `number` counts its requests from 1. */
async function talk(
  script: (number: number, request: DeviceRequest) => DeviceReply,
  mode: AuthenticationMode = 'auto',
) {
  const device: ScriptedDevice = await scriptedDevice((request) => script(device.requests.length, request));
  const clock = fakeClock(NOW);
  const channel = openHttpChannel({ clock, maxAnswerBytes: 100_000, connectTimeoutMs: 10_000 });
  closing.push(device.close, channel.close);
  const credentials = { username: 'ada', password: { reveal: () => 'secret' } };
  const login = authenticator({ credentials, mode, clock, skew: () => 0 });
  const client = soapClient({ device: 'door', clock, authenticator: login });
  const call = () => ({
    operation: OPERATION,
    envelope: envelopeTemplate(OPERATION),
    url: new URL(`${device.origin}/onvif/x?a=1`),
    channel,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  });
  return {
    device,
    request: () => client.request(call()),
    send: () => client.send(call()),
    failure: () =>
      client.request(call()).then(
        () => expect.fail('it was answered'),
        (error: unknown) => error,
      ),
  };
}

const challenge = (nonce: string, more = ''): DeviceReply => ({
  status: 401,
  headers: { 'www-authenticate': [`Digest realm="r", nonce="${nonce}", qop="auth"${more}`] },
});

describe('a request', () => {
  it('names its action in the media type, as SOAP 1.2 has it', async () => {
    const { device, request } = await talk(() => ({ body: ANSWER }));
    await request();
    const { headers, path } = device.requests[0]!;
    expect(headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:get"');
    expect(headers).not.toHaveProperty('soapaction');
    expect(path).toBe('/onvif/x?a=1');
  });

  it('is answered by the response element, with its bytes and times', async () => {
    const { request } = await talk(() => ({ body: ANSWER }));
    const { response, answer } = await request();
    expect(childText(response, 'Name')).toBe('door');
    expect(answer).toMatchObject({ sentAt: NOW, receivedAt: NOW, http: { status: 200 } });
    expect(answer.http.body.toString()).toBe(ANSWER);
  });

  it('that is only sent is not read: its answer may be anything', async () => {
    const { send } = await talk(() => ({ body: 'no markup' }));
    expect((await send()).http.body.toString()).toBe('no markup');
  });
});

describe('logging in', () => {
  const credentialsOf = ({ headers, body }: DeviceRequest) => ({
    digest: headers.authorization !== undefined,
    token: body.includes('UsernameToken'),
  });

  it('costs one more request, once: the nonce is used again with a growing count', async () => {
    const { device, request } = await talk((number) => (number === 1 ? challenge('n') : { body: ANSWER }));
    await request();
    await request();
    const sent = device.requests.map(({ headers }) => /nc=(\w+)/.exec(headers.authorization ?? '')?.[1]);
    expect(sent).toEqual([undefined, '00000001', '00000002']);
    expect(device.requests[1]!.headers.authorization).toContain('uri="/onvif/x?a=1"');
  });

  it('by UsernameToken where a fault asks for it without a challenge', async () => {
    const { device, request } = await talk((number) =>
      number === 1 ? { status: 400, body: NOT_AUTHORIZED } : { body: ANSWER },
    );
    await request();
    await request();
    expect(device.requests.map(credentialsOf)).toEqual([
      { digest: false, token: false },
      { digest: false, token: true },
      { digest: false, token: true },
    ]);
  });

  it('renews a nonce that ran out, said or unsaid', async () => {
    const { device, request } = await talk((number) =>
      number === 1
        ? challenge('a')
        : number === 3
          ? challenge('b', ', stale=true')
          : number === 5
            ? challenge('c')
            : { body: ANSWER },
    );
    await request();
    await request();
    await request();
    const nonces = device.requests.map(({ headers }) => /nonce="(\w)"/.exec(headers.authorization ?? '')?.[1]);
    expect(nonces).toEqual([undefined, 'a', 'a', 'b', 'b', 'c']);
  });

  it('sends a wrong password once and gives up', async () => {
    const { device, failure } = await talk((number) => challenge(`n${number}`));
    expect(await failure()).toBeInstanceOf(UnauthorizedError);
    expect(device.requests.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true]);
  });

  it('sends a wrong password once where the device knows the UsernameToken alone', async () => {
    const { device, failure } = await talk(() => ({ status: 400, body: NOT_AUTHORIZED }));
    expect(await failure()).toBeInstanceOf(UnauthorizedError);
    expect(device.requests.map(({ body }) => body.includes('UsernameToken'))).toEqual([false, true]);
  });

  it('comes to an end with a device that calls every nonce stale', async () => {
    const { device, failure } = await talk((number) => challenge(`n${number}`, ', stale=true'));
    expect(await failure()).toBeInstanceOf(UnauthorizedError);
    expect(device.requests.length).toBeLessThanOrEqual(4);
  });

  it('never sends both kinds', async () => {
    const both: DeviceReply = { ...challenge('n', ', stale=true'), body: NOT_AUTHORIZED };
    for (const mode of ['auto', 'digest', 'username-token', 'none'] as const) {
      const { device, failure } = await talk(
        (number) => (number % 2 ? { status: 400, body: NOT_AUTHORIZED } : both),
        mode,
      );
      await failure();
      for (const request of device.requests)
        expect(Object.values(credentialsOf(request)).filter(Boolean).length).toBeLessThan(2);
    }
  });

  it('answers a challenge whatever the fault beside it says', async () => {
    const beside = { ...challenge('n'), body: faultEnvelope(['SOAP-ENV:Receiver', 'ter:Action', 'ter:Other']) };
    const { request } = await talk((number) => (number === 1 ? beside : { body: ANSWER }));
    expect(childText((await request()).response, 'Name')).toBe('door');
  });
});

describe('an answer that is none', () => {
  it.each([
    [302, '', RetrySlowlyError, 'redirected'],
    [400, '', RetrySlowlyError, 'http-status'],
    [401, '<html>Unauthorized</html>', UnauthorizedError, 'not-authorized'],
    [403, '', UnauthorizedError, 'not-authorized'],
    [404, '<!DOCTYPE html><html>Not found</html>', SubscriptionLostError, 'not-found'],
    [404, '<s:Envelope><broken', SubscriptionLostError, 'not-found'],
    [405, '', UnsupportedError, 'http-unsupported'],
    [410, '', SubscriptionLostError, 'not-found'],
    [415, '', UnsupportedError, 'http-unsupported'],
    [500, '', RetrySlowlyError, 'http-status'],
    [501, '', UnsupportedError, 'http-unsupported'],
    [503, ANSWER, RetrySlowlyError, 'overloaded'],
  ])('HTTP %d with %j', async (status, body, kind, code) => {
    const error = await (await talk(() => ({ status, body }))).failure();
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, facts: { device: 'door', operation: 'GetHostname', status } });
  });

  it.each([
    [500, ['SOAP-ENV:Receiver', 'ter:ActionNotSupported'], '', UnsupportedError],
    [400, ['SOAP-ENV:Sender', 'ter:InvalidArgVal', 'ter:ResourceUnknownFault'], '', SubscriptionLostError],
    [500, ['SOAP-ENV:Receiver'], '<wsnt:SubscribeCreationFailedFault/>', RetrySlowlyError],
    [404, ['SOAP-ENV:Receiver', 'ter:OutofMemory'], '', RetrySlowlyError],
    [200, ['SOAP-ENV:Receiver', 'ter:ActionNotSupported'], '', UnsupportedError],
  ])('HTTP %d with the fault %j %s is what the fault says', async (status, codes, detail, kind) => {
    const error = await (await talk(() => ({ status, body: faultEnvelope(codes, detail) }))).failure();
    expect(error).toBeInstanceOf(kind);
  });

  it.each([
    ['<!DOCTYPE html><html></html>', 'xml-doctype'],
    ['<html><body>404</body></html>', 'unexpected-answer'],
    [envelope('<tds:GetServicesResponse/>'), 'unexpected-answer'],
    [envelope(''), 'unexpected-answer'],
    ['', 'xml-malformed'],
    [ANSWER.slice(0, -20), 'xml-malformed'],
  ])('HTTP 200 with %j is put aside', async (body, code) => {
    const error = await (await talk(() => ({ body }))).failure();
    expect(error).toBeInstanceOf(QuarantineError);
    expect(error).toMatchObject({ code });
  });
});
