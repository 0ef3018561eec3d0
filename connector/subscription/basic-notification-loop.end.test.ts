import { describe, expect, it } from 'vitest';
import { looped, settled } from '../../test/support/looped-notifications.ts';
import { notify } from '../../test/support/notify-request.ts';
import { SubscriptionLostError } from '../errors.ts';

describe('the end', () => {
  it('comes with the lease where no Renew extends it', async () => {
    const { next, endLeaseIn, clock } = looped({ timeoutMs: 60_000, proven: true });
    endLeaseIn(10_000);
    await expect(next()).rejects.toMatchObject({ code: 'lease-ended' });
    expect(clock.monotonic()).toBe(10_000);
  });

  it('comes at once where a Renew says that the subscription is gone', async () => {
    const { batches, subscription, clock } = looped({ timeoutMs: 60_000, proven: true });
    const next = batches.next();
    await settled();
    subscription.lost = new SubscriptionLostError('subscription-unknown', 'unknown');
    subscription.onLost();
    await expect(next).rejects.toBe(subscription.lost);
    expect(clock.monotonic()).toBe(0);
  });

  it('comes where the device says so', async () => {
    const { next, send } = looped();
    send(
      '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><wsrf-rl:TerminationNotification/></e:Body></e:Envelope>',
    );
    await expect(next()).rejects.toMatchObject({ code: 'subscription-ended' });
  });

  it('tells what was turned away before it', async () => {
    const { next, endLeaseIn, mailbox } = looped({ timeoutMs: 60_000, proven: true });
    mailbox.refusals.note('one');
    expect((await next(60_000)).interruption).toBe('one');
    endLeaseIn(1_000);
    mailbox.refusals.note('two');
    expect((await next()).interruption).toBe('two');
    await expect(next()).rejects.toMatchObject({ code: 'lease-ended' });
  });

  it('in order unsubscribes first, and takes what was sent before', async () => {
    const { loop, next, send, asked, batches, clock, outcomes } = looped({ proven: true });
    const waiting = batches.next();
    await settled();
    await loop.stop();
    send(notify('true'));
    expect((await waiting).value).toMatchObject({ notifications: [{}] });
    expect(await next(50)).toBeUndefined();
    expect(asked).toEqual(['Unsubscribe', 'lease ended']);
    expect(outcomes).toEqual(['stored']);
    expect(clock.monotonic()).toBeLessThan(1_000);
  });

  it('comes at once when aborted', async () => {
    const { batches, abort, asked } = looped();
    const next = batches.next();
    await settled();
    abort.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
    expect(asked).toEqual(['lease ended']);
  });
});
