import { describe, expect, it } from 'vitest';
import { AdaptRequestError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import { connackError, disconnectError, lastingRefusal, pubackError } from './mqtt-reasons.ts';

const parties = { sink: 'broker', url: 'mqtt://broker:1883', clientId: 'connector-1', username: 'events' };

describe('what brokers answer', () => {
  it.each([0x04, 0x05, 0x86, 0x87, 0x8a, 0x8c])('CONNACK 0x%s means credentials or rights', (code) => {
    expect(connackError(code, parties)).toBeInstanceOf(UnauthorizedError);
    expect(connackError(code, parties).message).toContain("'events'");
  });

  it.each([0x01, 0x84, 0x9a, 0x9b])('CONNACK %i means to ask for less', (code) => {
    expect(connackError(code, parties)).toBeInstanceOf(AdaptRequestError);
  });

  it.each([0x02, 0x03, 0x80, 0x85, 0x88, 0x89, 0x97, 0x9f, 0xff])('CONNACK %i means to try again later', (code) => {
    expect(connackError(code, parties)).toBeInstanceOf(RetrySlowlyError);
  });

  it('a session taken over names the client id two instances share', () => {
    const error = disconnectError(0x8e, parties);
    expect(error).toMatchObject({ code: 'mqtt-session-taken-over' });
    expect(error.message).toMatch(/two instances.*connector-1/);
  });

  it('a topic it may not publish to is named, and is no reason to bury but where it is to be', () => {
    const error = pubackError(0x87, 'site/door', parties);
    expect(error).toMatchObject({ code: 'mqtt-publish-forbidden', facts: { topic: 'site/door' } });
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error.message).toMatch(/'site\/door'.*give 'events' the right/);
    const [always, rights, any] = [undefined, 'rights', 'any'] as const;
    expect([always, rights, any].map((final) => lastingRefusal(0x87, final))).toEqual([
      ...[undefined, 'not-authorized', 'not-authorized'],
    ]);
    expect([always, rights, any].map((final) => lastingRefusal(0x97, final))).toEqual([
      ...[undefined, undefined, 'Quota exceeded (0x97)'],
    ]);
  });

  it('says who, where and the number', () => {
    for (const error of [
      connackError(0x88, parties),
      disconnectError(0x8b, parties),
      pubackError(0x97, 't/1', parties),
    ]) {
      expect(error.message).toContain('sink broker: mqtt://broker:1883');
      expect(error.message).toMatch(/0x(88|8b|97)/);
      expect(error.facts).toMatchObject({ sink: 'broker' });
    }
  });
});
