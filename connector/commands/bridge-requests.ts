import type { Clock } from '../clock.ts';
import { closest } from '../did-you-mean.ts';
import { ConnectorError, messageOf, RetrySlowlyError, UnauthorizedError, UnsupportedError } from '../errors.ts';
import type { Json } from '../operations/call-request.ts';
import { callTarget, printable } from '../operations/call-target.ts';
import type { BridgeAnswer, RequestBody, Transaction } from './bridge-answer.ts';
import { deviceTurns } from './device-turns.ts';
import { invalid, onlyMembers, readRequestBody, textMember, transactionOf } from './request-body.ts';

/** What requests know of a device, and can do with it. */
export interface CommandedDevice {
  readonly id: string;
  readonly name?: string | undefined;
  readonly site?: string | undefined;
  readonly status: string;
  /** Operations that may be called from outside: `deviceio.SetRelayOutputState`. */
  readonly allow: readonly string[];
  /** @throws RetrySlowlyError `not-connected`; the errors of callOperation */
  call(operation: string, args: Json, signal: AbortSignal): Promise<unknown>;
  /** All its states are told anew. @throws RetrySlowlyError `not-connected`, UnsupportedError */
  resynchronize(): void;
}

/** One request, for the log: who asked is not known; arguments, answers and what devices say are not told. */
export interface CommandLine {
  readonly via: string;
  readonly verb: string;
  readonly device?: string | undefined;
  readonly operation?: string | undefined;
  readonly transaction?: Transaction | undefined;
  /** Code of the error; null where it went well. */
  readonly refusal: string | null;
  readonly ms: number;
}

export interface BridgeRequestsOptions {
  /** The devices of now. */
  devices(): Iterable<CommandedDevice>;
  readonly clock: Clock;
  log(line: CommandLine): void;
}

export interface RequestOrigin {
  /** For the log: `sink broker`. */
  readonly via: string;
  /** How long a call may take, its turn included, ms. */
  readonly timeoutMs: number;
}

/** The verbs of `onvif/bridge/request/<verb>`, however they came. */
export interface BridgeRequests {
  /** Never rejects: what goes wrong is the answer. */
  handle(verb: string, payload: Uint8Array, origin: RequestOrigin): Promise<BridgeAnswer>;
}

/** Devices asked for their states in one go; then a pause, so that a fleet does not answer at once. */
const RESYNCS_AT_ONCE = 20;
const RESYNC_PAUSE_MS = 100;
/** Devices that are named where a request to all of them failed. */
const MOST_FAILURES = 100;

/** What is known of a request while it is dealt with. */
interface Request {
  readonly body: RequestBody;
  readonly origin: RequestOrigin;
  /** For the log line. */
  told: { device?: string; operation?: string };
}

export function bridgeRequests(options: BridgeRequestsOptions): BridgeRequests {
  const { clock, log } = options;
  const verbs = verbsOf(options);
  return {
    async handle(verb, payload, origin) {
      const began = clock.monotonic();
      const request: { told: Request['told'] } = { told: {} };
      let transaction: Transaction | undefined;
      let answer: BridgeAnswer;
      let refusal: string | null = null;
      try {
        const body = readRequestBody(payload);
        transaction = transactionOf(body);
        const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
        if (run === undefined) throw unknownVerb(verb, Object.keys(verbs));
        answer = { data: await run(Object.assign(request, { body, origin })), status: 'ok' };
      } catch (error) {
        refusal = error instanceof ConnectorError ? error.code : 'unexpected';
        answer = { data: failure(error, refusal), status: 'error', error: messageOf(error) };
      }
      const { via } = origin;
      const ms = Math.round(clock.monotonic() - began);
      log({ via, verb: verb.slice(0, 80).replace(/\p{Cc}/gu, ' '), ...request.told, transaction, refusal, ms });
      return transaction === undefined ? answer : { ...answer, transaction };
    },
  };
}

function failure(error: unknown, code: string): { readonly code: string; readonly fault?: string } {
  const fault = error instanceof ConnectorError ? error.facts.fault : undefined;
  return typeof fault === 'string' ? { code, fault } : { code };
}

function unknownVerb(verb: string, known: readonly string[]): UnsupportedError {
  const near = closest(verb, known);
  const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
  return new UnsupportedError('verb-unknown', `there is no request ${printable(verb)}; ${hint}`);
}

type Verb = (request: Request) => unknown;

function verbsOf({ devices, clock }: BridgeRequestsOptions): Readonly<Record<string, Verb>> {
  const turns = deviceTurns();
  const named = (request: Request): CommandedDevice => {
    const id = textMember(request.body, 'device');
    if (id === undefined) throw invalid('the request names no device: {"device":"front-door"}');
    const all = [...devices()];
    const found = all.find((device) => device.id === id);
    if (found === undefined) throw unknownDevice(id, all);
    request.told.device = id;
    return found;
  };
  return {
    /** `{}`, `{"device":"front-door"}`, `{"status":"offline"}` */
    devices(request) {
      const { body } = request;
      onlyMembers(body, ['device', 'status']);
      const status = textMember(body, 'status');
      const chosen = body.device === undefined ? [...devices()] : [named(request)];
      return chosen
        .filter((device) => status === undefined || device.status === status)
        .map(({ id, name, site, status: now, allow }) => ({ id, name, site, status: now, allow }));
    },
    /** `{"device":"front-door"}`; `{"device":"all"}` */
    async resync(request) {
      onlyMembers(request.body, ['device']);
      const all = [...devices()];
      if (request.body.device !== 'all' || all.some(({ id }) => id === 'all')) {
        named(request).resynchronize();
        return { asked: 1, failed: [] };
      }
      request.told.device = 'all';
      return resyncAll(all, clock);
    },
    /** `{"device":"front-door","operation":"deviceio.SetRelayOutputState","arguments":{…}}` */
    async call(request) {
      const { body, origin, told } = request;
      onlyMembers(body, ['device', 'operation', 'arguments']);
      const device = named(request);
      const written = textMember(body, 'operation');
      if (written === undefined)
        throw invalid('the request names no operation: {"operation":"deviceio.SetRelayOutputState"}');
      const operation = callTarget(written).text;
      told.operation = operation;
      if (!device.allow.includes(operation)) throw notAllowed(device, operation);
      const args = (body.arguments ?? {}) as Json;
      return withinTime(origin.timeoutMs, clock, (signal) =>
        turns.take(device.id, async () => {
          signal.throwIfAborted();
          return device.call(operation, args, signal);
        }),
      );
    },
  };
}

async function resyncAll(all: readonly CommandedDevice[], clock: Clock) {
  const failed: { device: string; error: string }[] = [];
  let failures = 0;
  for (const [index, device] of all.entries()) {
    if (index > 0 && index % RESYNCS_AT_ONCE === 0) await clock.sleep(RESYNC_PAUSE_MS);
    try {
      device.resynchronize();
    } catch (error) {
      failures++;
      if (failed.length < MOST_FAILURES) failed.push({ device: device.id, error: messageOf(error) });
    }
  }
  return { asked: all.length - failures, failed };
}

function unknownDevice(id: string, all: readonly CommandedDevice[]): UnsupportedError {
  const near = closest(
    id,
    all.map((device) => device.id),
  );
  const hint = near === undefined ? '; the request "devices" lists them' : `; did you mean ${near}?`;
  return new UnsupportedError('device-unknown', `there is no device ${printable(id)}${hint}`);
}

function notAllowed({ id, allow }: CommandedDevice, operation: string): UnauthorizedError {
  const others = allow.length === 0 ? 'nothing is allowed there yet' : `allowed are ${allow.join(', ')}`;
  return new UnauthorizedError(
    'operation-not-allowed',
    `${operation} is not allowed for ${id}: add it to "allow" of this device (devices[].allow) in the configuration; ${others}`,
  );
}

/** @throws RetrySlowlyError `call-timeout` */
async function withinTime<T>(ms: number, clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const late = new RetrySlowlyError(
    'call-timeout',
    `not answered within ${ms / 1_000} s: whether the device did it is not known`,
  );
  const cancel = clock.after(ms, () => deadline.abort(late));
  const aborted = new Promise<never>((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(late), { once: true });
  });
  try {
    return await Promise.race([work(deadline.signal), aborted]);
  } finally {
    cancel();
  }
}
