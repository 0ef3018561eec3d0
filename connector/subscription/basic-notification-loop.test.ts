import { describe, expect, it } from 'vitest';
import { looped, SILENCE_MS, settled } from '../../test/support/looped-notifications.ts';
import { notify, notifyOf } from '../../test/support/notify-request.ts';
import { notificationText } from '../../test/support/wire.ts';
import { RetrySlowlyError, SubscriptionLostError, UnsupportedError } from '../errors.ts';

describe('a Notify', () => {
  it('is a batch, and is acknowledged when the next one is asked for', async () => {
    const { send, next, outcomes, clock } = looped();
    send(notify('true'));
    const batch = await next();
    expect(batch).toMatchObject({ receivedAt: clock.now(), deviceTime: null, damage: null, interruption: null });
    expect(batch.notifications[0]!.topic.text).toBe('tns1:Device/Trigger/DigitalInput');
    await settled();
    expect(outcomes).toEqual([]);
    send(notify('false'));
    await next();
    expect(outcomes).toEqual(['stored']);
  });

  it('is turned away where the reader leaves', async () => {
    const { send, next, outcomes, batches } = looped();
    send(notify('true'));
    await next();
    await batches.return();
    await settled();
    expect(outcomes).toEqual(['unavailable']);
  });

  it('may hold several messages, headers with reference parameters, and be SOAP 1.1', async () => {
    const { send, next } = looped();
    const message = '<tt:Message UtcTime="2026-11-23T08:00:00Z"/>';
    const several = notificationText('tns1:A', message, message) + notificationText('tns1:B', message);
    const echoed = '<v:Id xmlns:v="urn:v" wsa:IsReferenceParameter="true">7</v:Id>';
    for (const soap of ['http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/soap/envelope/']) {
      send(notifyOf(several, echoed, soap));
      const { notifications, damage } = await next();
      expect(notifications.map(({ messages }) => messages.length)).toEqual([2, 1]);
      expect(damage).toBeNull();
    }
  });

  it('that is damaged is kept as far as it can be read, and told as damage', async () => {
    const { send, next } = looped();
    send(notify('true').slice(0, -20));
    const { notifications, damage } = await next();
    expect(notifications).toHaveLength(1);
    expect(damage).toMatchObject({ code: 'xml-malformed' });
    send(`<!DOCTYPE x>${notify('true')}`);
    expect((await next()).damage).toMatchObject({ code: 'xml-doctype' });
  });

  it('without notifications is acknowledged and makes no batch', async () => {
    const { send, next, outcomes } = looped();
    send(notifyOf(''));
    send(notify('true'));
    expect((await next()).notifications).toHaveLength(1);
    expect(outcomes).toEqual(['stored']);
  });

  it('tells with it what was turned away before', async () => {
    const { send, next, mailbox, clock } = looped();
    const at = clock.now();
    mailbox.refusals.note('it had too many bytes');
    clock.advance(500);
    send(notify('true'));
    expect(await next()).toMatchObject({ interruption: 'it had too many bytes', interruptedSince: at });
    // Not at once again: each is a synchronization point, which makes the device send more.
    mailbox.refusals.note('again');
    send(notify('true'));
    expect((await next()).interruption).toBeNull();
    clock.advance(15_000);
    send(notify('true'));
    expect((await next()).interruption).toBe('again');
  });
});

describe('while nothing comes', () => {
  it('an empty batch ends the initial set, with the time of the last Notify', async () => {
    const { send, next, clock } = looped();
    send(notify('true', { operation: 'Initialized' }));
    await next();
    const heardAt = clock.now();
    expect(await next()).toMatchObject({ notifications: [], receivedAt: heardAt, interruption: null });
    expect(clock.now() - heardAt).toBe(2_000);
  });

  it('the first of the states has longer to come', async () => {
    const { next, clock } = looped();
    await next();
    expect(clock.monotonic()).toBe(5_000);
  });

  it('states are asked for, and the subscription counts as lost where none come', async () => {
    const { send, next, asked, clock, endLeaseIn } = looped({ timeoutMs: 60_000 });
    endLeaseIn(10 * SILENCE_MS);
    send(notify('true', { operation: 'Initialized' }));
    await next();
    while (asked.length === 0) await next();
    expect(asked).toEqual(['SetSynchronizationPoint']);
    expect(clock.monotonic()).toBe(SILENCE_MS);
    await expect(next()).rejects.toMatchObject({ code: 'push-silent' });
    expect(clock.monotonic()).toBe(SILENCE_MS + 15_000);
  });

  it('states that come on being asked are all that is needed', async () => {
    const { send, next, asked, clock } = looped({ timeoutMs: 60_000 });
    send(notify('true', { operation: 'Initialized' }));
    await next();
    while (asked.length === 0) await next();
    send(notify('true', { operation: 'Initialized' }));
    await next();
    for (let minute = 0; minute < 4; minute++) await next();
    expect(asked).toHaveLength(1);
    expect(clock.monotonic()).toBeLessThan(2 * SILENCE_MS);
  });

  it('a device that tells no states is asked by Renew', async () => {
    const { send, next, asked, state } = looped({ timeoutMs: 60_000 });
    send(notify('true'));
    await next();
    while (asked.length === 0) await next();
    expect(asked).toEqual(['Renew']);
    state.proveFails = new SubscriptionLostError('subscription-unknown', 'unknown');
    const rest = async () => {
      for (;;) await next();
    };
    await expect(rest()).rejects.toMatchObject({ code: 'subscription-unknown' });
  });

  it('a device that cannot be reached is lost contact', async () => {
    const { send, next, state } = looped({ timeoutMs: 60_000 });
    send(notify('true', { operation: 'Initialized' }));
    state.synchronizeFails = new RetrySlowlyError('unreachable', 'unreachable');
    const rest = async () => {
      for (;;) await next();
    };
    await expect(rest()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('a device that refuses synchronization points is asked by Renew', async () => {
    const { send, next, asked, state } = looped({ timeoutMs: 60_000 });
    send(notify('true', { operation: 'Initialized' }));
    state.synchronizeFails = new UnsupportedError('operation-unsupported', 'no');
    while (!asked.includes('Renew')) await next();
    expect(asked).toEqual(['SetSynchronizationPoint', 'Renew']);
  });
});

describe('a new subscription that brings nothing at all', () => {
  it('ends where that says that the device cannot reach us', async () => {
    const { next, asked, clock, silences } = looped({ silenceTips: true });
    const rest = async () => {
      for (;;) await next();
    };
    await expect(rest()).rejects.toMatchObject({ code: 'push-silent', message: expect.stringContaining('192.0.2.1') });
    expect(asked).toEqual(['SetSynchronizationPoint', 'lease ended']);
    expect(silences).toHaveLength(1);
    expect(clock.monotonic()).toBeLessThan(60_000);
  });

  it('goes on where it may have nothing to say, and is asked again in no hurry', async () => {
    const { next, asked, clock, silences } = looped();
    while (clock.monotonic() < SILENCE_MS) await next();
    expect(silences).toHaveLength(1);
    expect(asked).toEqual(['SetSynchronizationPoint']);
  });

  it('is not asked for states that were asked for already', async () => {
    const { next, asked, loop, abort, clock } = looped();
    await next();
    await loop.synchronize(abort.signal);
    while (clock.monotonic() < 60_000) await next();
    expect(asked).toEqual(['SetSynchronizationPoint']);
  });
});
