import { describe, expect, it } from 'vitest';
import {
  AdaptRequestError,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import { faultError, readFault } from './soap-fault.ts';
import { parseXml } from './xml-tree.ts';

interface Said {
  readonly codes?: readonly string[];
  readonly reason?: string;
  readonly detail?: string;
}

const DECLARED =
  'xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tev="http://www.onvif.org/ver10/events/wsdl"';

function faultText({ codes = ['env:Receiver'], reason = 'told', detail }: Said): string {
  const code = codes.reduceRight((inner, name, at) => {
    const value = `<env:Value>${name}</env:Value>${inner}`;
    return at === 0 ? `<env:Code>${value}</env:Code>` : `<env:Subcode>${value}</env:Subcode>`;
  }, '');
  const inDetail = detail === undefined ? '' : `<env:Detail>${detail}</env:Detail>`;
  return `<env:Fault>${code}<env:Reason><env:Text xml:lang="en">${reason}</env:Text></env:Reason>${inDetail}</env:Fault>`;
}

const read = (body: string) =>
  readFault(parseXml(Buffer.from(`<env:Envelope ${DECLARED}><env:Body>${body}</env:Body></env:Envelope>`)));
const errorOf = (said: Said) =>
  faultError(read(faultText(said))!, 'PullMessages', { device: 'door', host: '192.0.2.1' });

describe('reading a fault', () => {
  it('has its codes outermost first, its reason and the first element of its detail', () => {
    const codes = ['env:Sender', 'ter:InvalidArgVal', 'ter:NoSuchService'];
    const fault = read(faultText({ codes, reason: ' why \n', detail: '<wsnt:ResourceUnknownFault/><x/>' }));
    expect(fault).toMatchObject({ codes, reason: 'why', detailName: 'ResourceUnknownFault' });
  });

  it('takes the first reason that says something', () => {
    const fault = read(
      '<env:Fault><env:Code><env:Value>env:Sender</env:Value></env:Code><env:Reason><env:Text xml:lang="de"/><env:Text xml:lang="en">yes</env:Text></env:Reason></env:Fault>',
    );
    expect(fault).toEqual({ codes: ['env:Sender'], reason: 'yes', detailName: null, detail: null });
  });

  it('has no reason where the device gives an empty one', () => {
    expect(read(faultText({ reason: '' }))?.reason).toBeNull();
  });

  it('reads SOAP 1.1 faults', () => {
    const fault = read(
      '<Fault><faultcode>ter:NotAuthorized</faultcode><faultstring>no</faultstring><detail><a/></detail></Fault>',
    );
    expect(fault).toMatchObject({ codes: ['ter:NotAuthorized'], reason: 'no', detailName: 'a' });
  });

  it('finds none inside an answer: only the direct child of Body counts (trap 39)', () => {
    const item = `<tev:PullMessagesResponse><wsnt:NotificationMessage>${faultText({})}</wsnt:NotificationMessage></tev:PullMessagesResponse>`;
    expect(read(item)).toBeNull();
    expect(read('')).toBeNull();
  });

  it('survives a fault with nothing in it', () => {
    expect(read('<env:Fault/>')).toEqual({ codes: [''], reason: null, detailName: null, detail: null });
  });
});

/** standard.md 5.18, as its table has them: the element in Detail alone, in any namespace. */
const BY_DETAIL = [
  ['ResourceUnknownFault', SubscriptionLostError, 'subscription-unknown'],
  ['SubscribeCreationFailedFault', RetrySlowlyError, 'device-exhausted'],
  ['UnableToCreatePullPointFault', RetrySlowlyError, 'device-exhausted'],
  ['UnacceptableInitialTerminationTimeFault', AdaptRequestError, 'termination-time-refused'],
  ['UnacceptableTerminationTimeFault', AdaptRequestError, 'termination-time-refused'],
  ['InvalidFilterFault', AdaptRequestError, 'filter-refused'],
  ['TopicExpressionDialectUnknownFault', AdaptRequestError, 'filter-refused'],
  ['InvalidTopicExpressionFault', AdaptRequestError, 'filter-refused'],
  ['TopicNotSupportedFault', AdaptRequestError, 'filter-refused'],
  ['InvalidMessageContentExpressionFault', AdaptRequestError, 'filter-refused'],
  ['UnableToGetMessagesFault', RetryNowError, 'pull-in-progress'],
  ['PullMessagesFaultResponse', AdaptRequestError, 'pull-limits'],
  // Requests of ours cannot raise these: what is left is to try again later.
  ['InvalidProducerPropertiesExpressionFault', RetrySlowlyError, 'fault'],
  ['UnrecognizedPolicyRequestFault', RetrySlowlyError, 'fault'],
  ['UnsupportedPolicyRequestFault', RetrySlowlyError, 'fault'],
  ['NotifyMessageNotSupportedFault', UnsupportedError, 'operation-unsupported'],
  ['MultipleTopicsSpecifiedFault', RetrySlowlyError, 'fault'],
  ['NoCurrentMessageOnTopicFault', RetrySlowlyError, 'fault'],
  ['UnableToDestroySubscriptionFault', RetrySlowlyError, 'fault'],
  ['UnableToDestroyPullPointFault', RetrySlowlyError, 'fault'],
  ['PauseFailedFault', RetrySlowlyError, 'fault'],
  ['ResumeFailedFault', RetrySlowlyError, 'fault'],
] as const;

/** standard.md 2.4: generic faults, by their subcode. */
const BY_SUBCODE = [
  ['ter:NotAuthorized', UnauthorizedError, 'not-authorized'],
  ['wsse:FailedAuthentication', UnauthorizedError, 'not-authorized'],
  ['ter:InvalidArgs', AdaptRequestError, 'arguments-refused'],
  ['ter:InvalidArgVal', AdaptRequestError, 'arguments-refused'],
  ['ter:ActionNotSupported', UnsupportedError, 'operation-unsupported'],
  ['ter:UnknownAction', UnsupportedError, 'operation-unsupported'],
  ['ter:OutofMemory', RetrySlowlyError, 'overloaded'],
  ['env:MustUnderstand', AdaptRequestError, 'header-refused'],
  ['ter:BlockedThreadUpperLimit', RetrySlowlyError, 'device-exhausted'],
  ['ter:Action', RetrySlowlyError, 'fault'],
  ['ter:CriticalError', RetrySlowlyError, 'fault'],
  ['ter:WellFormed', RetrySlowlyError, 'fault'],
  ['ter:OperationProhibited', RetrySlowlyError, 'fault'],
] as const;

describe('what is done about a fault', () => {
  it.each(BY_DETAIL)('%s in Detail', (name, kind, code) => {
    for (const detail of [`<wsnt:${name}/>`, `<${name} xmlns="urn:other"/>`]) {
      const error = errorOf({ detail });
      expect(error).toBeInstanceOf(kind);
      expect(error.code).toBe(code);
    }
  });

  it.each(BY_SUBCODE)('%s as subcode', (name, kind, code) => {
    for (const codes of [
      ['env:Sender', name],
      ['env:Receiver', 'ter:Other', name],
      ['env:Sender', name, name],
    ]) {
      const error = errorOf({ codes });
      expect(error).toBeInstanceOf(kind);
      expect(error.code).toBe(code);
    }
  });

  it.each<[Said, string]>([
    [{ codes: ['env:Sender', 'ter:ResourceUnknownFault'] }, 'as subcode of ter'],
    [{ codes: ['env:Sender', 'wsrf-rw:ResourceUnknownFault'] }, 'with a prefix nobody declared'],
    [{ codes: ['env:Sender', 'ter:InvalidArgVal', 'ter:ResourceUnknown'] }, 'below another, shortened'],
    [
      { codes: ['env:Sender', 'ter:InvalidArgs'], reason: 'Resource Unknown' },
      'in Reason, before a subcode that says less',
    ],
    [{ reason: 'ResourceUnknownFault: no such subscription' }, 'in Reason alone'],
    [
      { codes: ['env:Receiver', 'ter:Action'], detail: '<wsrf-r:ResourceUnknownFault/>' },
      'in Detail, before the subcode',
    ],
  ])('a subscription that is gone is known by many names: %j, %s', (said) => {
    expect(errorOf(said)).toBeInstanceOf(SubscriptionLostError);
  });

  it('the most exact code decides: Detail, then the innermost subcode', () => {
    expect(errorOf({ codes: ['env:Sender', 'ter:InvalidArgs', 'ter:NotAuthorized'] }).code).toBe('not-authorized');
    expect(errorOf({ codes: ['env:Sender', 'ter:InvalidArgVal'], detail: '<wsnt:InvalidFilterFault/>' }).code).toBe(
      'filter-refused',
    );
  });

  it('names of JavaScript are no known faults', () => {
    expect(errorOf({ codes: ['env:Sender', 'ter:constructor'], detail: '<toString/>' }).code).toBe('fault');
  });
});

describe('what an error tells', () => {
  it('where it happened and what the device said', () => {
    const error = errorOf({ codes: ['env:Sender', 'ter:NotAuthorized'], reason: 'Sender not authorized' });
    expect(error.message).toBe('PullMessages: the device answered with a fault: Sender not authorized');
    expect(error.facts).toMatchObject({
      device: 'door',
      host: '192.0.2.1',
      operation: 'PullMessages',
      fault: 'env:Sender ter:NotAuthorized',
    });
  });

  it('the name of the fault where the device gives no reason', () => {
    expect(errorOf({ reason: '', detail: '<wsnt:SubscribeCreationFailedFault/>' }).message).toMatch(
      /SubscribeCreationFailedFault$/,
    );
    expect(errorOf({ reason: '', codes: ['env:Sender', 'ter:BlockedThreadUpperLimit'] }).message).toMatch(
      /BlockedThreadUpperLimit$/,
    );
  });

  it('the limits of a PullMessagesFaultResponse as the device wrote them', () => {
    const detail =
      '<tev:PullMessagesFaultResponse><tev:MaxTimeout>PT60S</tev:MaxTimeout><tev:MaxMessageLimit> 30 </tev:MaxMessageLimit></tev:PullMessagesFaultResponse>';
    expect(errorOf({ detail }).facts).toMatchObject({ maxTimeout: 'PT60S', maxMessageLimit: '30' });
  });

  it('the range of an Unacceptable…TerminationTimeFault', () => {
    const detail =
      '<wsnt:UnacceptableInitialTerminationTimeFault><wsnt:MinimumTime>2026-11-23T08:00:10Z</wsnt:MinimumTime><wsnt:MaximumTime>2026-11-23T08:10:00Z</wsnt:MaximumTime></wsnt:UnacceptableInitialTerminationTimeFault>';
    expect(errorOf({ detail }).facts).toMatchObject({
      minimumTime: '2026-11-23T08:00:10Z',
      maximumTime: '2026-11-23T08:10:00Z',
    });
  });

  it('no more of a reason than a line of a log should hold', () => {
    expect(errorOf({ reason: 'x'.repeat(10_000) }).message.length).toBeLessThan(400);
    expect(errorOf({ reason: 'one\ntwo' }).message).toMatch(/one two$/);
  });

  it('no more of a code, a detail or a limit either', () => {
    const long = 'x'.repeat(10_000);
    const fault = read(faultText({ codes: [long, long], detail: `<${long}/>` }));
    expect(fault?.codes.map(({ length }) => length)).toEqual([80, 80]);
    expect(fault?.detailName).toHaveLength(80);
    expect(errorOf({ detail: `<x><MaxTimeout>${long}</MaxTimeout></x>` }).facts.maxTimeout).toHaveLength(80);
  });
});
