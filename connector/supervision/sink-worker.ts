import type { Clock } from '../clock.ts';
import { FatalError, isAbort, messageOf } from '../errors.ts';
import type { Mapping, OutboundMessage } from '../mapping/mapping.ts';
import type { Refusal, Settled, Sink, SinkConnection } from '../sink/sink.ts';
import type { CurrentStates } from '../spool/current-states.ts';
import type { Spool, SpooledRecord, SpoolReader } from '../spool/spool.ts';
import { retrying, SINK_BACK_OFF } from './back-off.ts';
import { buryRecords } from './bury-records.ts';
import { deliveredRuns } from './delivered-runs.ts';
import type { Departures } from './departures.ts';
import { type StateRestoration, stateRestoration } from './state-restoration.ts';
import { unlessAborted } from './unless-aborted.ts';
import type { WorkerObserver } from './worker-observer.ts';

export interface SinkWorkerOptions {
  readonly sink: Sink;
  readonly mapping: Mapping;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly observer: WorkerObserver;
  /** What is in force, for sinks that lost it; not restored where absent. */
  readonly states?: CurrentStates | undefined;
  /** Devices that are gone. */
  readonly departures?: Departures | undefined;
}

/** Least time between two connections: a broker that hangs up on what it is sent is not to be called again at once, ms. */
const LEAST_INTERVAL_MS = 500;
/** The same while one record after another is buried for breaking connections, or records are not what breaks them: then it is the broker, ms. */
const LONGEST_INTERVAL_MS = 15_000;
/** Connections in a row that may break on the same first record before it is sent alone, and alone before it is buried. */
const BREAKS = 3;
/** Records taken from the spool at a time, and how many such portions may be on their way at once. */
const PORTION = 256;
const PORTIONS_IN_FLIGHT = 4;

/** Records read together and the messages they became; `owners[i]` is the record of message i. */
interface Portion {
  readonly entries: readonly SpooledRecord[];
  readonly messages: OutboundMessage[];
  readonly owners: SpooledRecord[];
  readonly unmapped: Map<SpooledRecord, string>;
}

/** What became of a portion: of all of it, or of its first records when the connection broke. */
interface Outcome {
  readonly entries: readonly SpooledRecord[];
  readonly refusals: readonly Refusal[];
  readonly error: Error | null;
}

/** Drains the spool into one sink, in order, for as long as it runs. What the sink never takes goes to the dead letters. */
export class SinkWorker {
  readonly name: string;
  /** Resolves when the worker has ended; rejects only with what no retry can mend. */
  readonly ended: Promise<void>;
  connected = false;
  readonly #options: SinkWorkerOptions;
  readonly #reader: SpoolReader;
  readonly #restoration: StateRestoration;
  /** Offset of the last record that was sent, or delivered before. */
  #sentTo = 0;
  readonly #abort = new AbortController();
  #drained: (() => void) | null = null;
  /** Of this connection: whether records went out, the one on its way alone, and whether any was settled. */
  #sent = false;
  #alone: SpooledRecord | null = null;
  #progress = false;
  /** Connections in a row that broke without progress. */
  #breaks = 0;
  /** Records to send one at a time still, in search of the one that breaks connections. */
  #careful = 0;
  /** Since a record was delivered: those buried for breaking connections, or connections that broke where records do not break them. */
  #fruitless = 0;

  constructor(options: SinkWorkerOptions) {
    this.#options = options;
    this.name = options.sink.name;
    this.#reader = options.spool.reader(this.name);
    this.#restoration = stateRestoration(this.name, options);
    this.ended = this.#run();
    // Whoever waits for it hears of it; nobody waiting is no crash of its own.
    this.ended.catch(() => {});
  }

  /** End once all is delivered, or after `graceMs`: what is left then is in the spool for the next start. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#isDrained()) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(graceMs, resolve);
        this.#drained = () => {
          cancel();
          resolve();
        };
        void this.ended.then(resolve, resolve);
      });
    }
    this.#abort.abort();
    await this.ended.catch(() => {});
  }

  #isDrained(): boolean {
    return this.#options.spool.statistics().oldestUndelivered[this.name] === null;
  }

  async #run(): Promise<void> {
    const { sink, clock, observer } = this.#options;
    const { signal } = this.#abort;
    const connect = () => sink.connect(signal);
    const failed = (error: Error, attempt: number) => {
      observer.sinkStatus(this.name, false, error);
      observer.sinkTrouble(this.name, `connect attempt ${attempt} failed`, error);
    };
    try {
      while (!signal.aborted) {
        const began = clock.monotonic();
        const connection = await retrying(connect, SINK_BACK_OFF, clock, signal, failed);
        await this.#use(connection);
        await this.#blame(connection);
        const pause = Math.min(LONGEST_INTERVAL_MS, LEAST_INTERVAL_MS * 2 ** this.#fruitless);
        const lasted = clock.monotonic() - began;
        if (lasted < pause) await clock.sleep(pause - lasted, signal);
      }
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) throw error;
    } finally {
      this.#restoration.close();
    }
  }

  async #use(connection: SinkConnection): Promise<void> {
    const { observer } = this.#options;
    this.connected = true;
    this.#sent = false;
    this.#alone = null;
    this.#progress = false;
    observer.sinkStatus(this.name, true, null);
    this.#sentTo = this.#reader.acknowledged();
    this.#restoration.attach(connection);
    // Waiting for records ends with the connection: what comes next goes over the next one.
    const lost = new AbortController();
    void connection.broken.then((reason) => lost.abort(reason));
    try {
      await this.#drain(connection, AbortSignal.any([this.#abort.signal, lost.signal]));
    } catch (error) {
      // An abort that is not the connection's is the end: ours, or that of the spool.
      if (error instanceof FatalError || isAbort(error)) throw error;
      observer.sinkStatus(this.name, false, error as Error);
      observer.sinkTrouble(this.name, 'connection lost', error as Error);
    } finally {
      this.connected = false;
      // A connection that is gone already has nothing to say goodbye to.
      await connection.close().catch(() => {});
      this.#reader.rewind();
    }
  }

  /**
   * After a connection that broke: where no record gets through, finds the one at fault and buries it. Only connections
   * that were made and used count, so a broker that is away costs nothing. Where records break nothing it is the broker: a
   * Kafka with a leader that cannot be reached lets connections be made, and breaks them all.
   */
  async #blame({ recordsBreakIt }: SinkConnection): Promise<void> {
    if (!this.#sent) return;
    if (recordsBreakIt === false) {
      this.#fruitless = this.#progress ? 0 : this.#fruitless + 1;
      return;
    }
    this.#breaks = this.#progress ? 0 : this.#breaks + 1;
    if (this.#breaks < BREAKS) return;
    this.#breaks = 0;
    if (this.#alone === null) {
      // As many as can have been on their way when it broke: it is one of them.
      this.#careful = PORTION * PORTIONS_IN_FLIGHT;
      return;
    }
    this.#careful = 0;
    this.#fruitless++;
    await buryRecords(new Map([[this.#alone, 'connection-broken-by-record']]), this.#options);
    this.#acknowledge(this.#alone);
  }

  /** Portions overlap so that the connection never waits for the store, and are acknowledged in order. */
  async #drain(connection: SinkConnection, signal: AbortSignal): Promise<void> {
    const inFlight: Promise<void>[] = [];
    let before: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const alone = this.#careful > 0;
        const portion = this.#map(await this.#next(alone ? 1 : PORTION, signal));
        this.#sentTo = portion.entries.at(-1)!.offset;
        this.#sent = true;
        this.#alone = alone ? portion.entries[0]! : null;
        before = this.#settle(portion, outcomeOf(connection, portion), before, connection);
        // Whoever waits below hears of a failure; until then it is not unhandled.
        before.catch(() => {});
        inFlight.push(before);
        if (alone || inFlight.length >= PORTIONS_IN_FLIGHT) {
          await unlessAborted(inFlight[0]!, signal);
          inFlight.shift();
        }
      }
    } finally {
      // What the other side has answered by now counts, and is not sent again. A stop has waited long enough.
      if (!this.#abort.signal.aborted) await Promise.allSettled(inFlight);
    }
  }

  /** The next records. States that are to be published first go out before them. */
  async #next(max: number, signal: AbortSignal): Promise<readonly SpooledRecord[]> {
    for (;;) {
      // Nothing may be due any more at the moment the wait begins: it ends at what becomes due later.
      while (this.#restoration.isDue(this.#sentTo)) await this.#restoration.run(this.#sentTo, signal);
      const untilDue = this.#restoration.untilDue(signal);
      try {
        return await this.#reader.next(max, untilDue);
      } catch (error) {
        if (signal.aborted || !untilDue.aborted) throw error;
      }
    }
  }

  async #settle(
    portion: Portion,
    outcome: Promise<Outcome>,
    before: Promise<void>,
    connection: SinkConnection,
  ): Promise<void> {
    await before;
    const { entries, refusals, error } = await outcome;
    if (entries.length > 0) await this.#conclude(portion, entries, refusals, connection);
    if (error !== null) throw error;
  }

  async #conclude(
    portion: Portion,
    entries: readonly SpooledRecord[],
    refusals: readonly Refusal[],
    connection: SinkConnection,
  ): Promise<void> {
    const last = entries.at(-1)!;
    const dead = new Map([...portion.unmapped].filter(([{ offset }]) => offset <= last.offset));
    for (const { index, reason } of refusals) {
      const owner = portion.owners[index]!;
      if (owner.offset <= last.offset) dead.set(owner, reason);
    }
    await buryRecords(dead, this.#options, connection);
    this.#progress = true;
    this.#careful = Math.max(0, this.#careful - entries.length);
    this.#acknowledge(last);
    const delivered = dead.size === 0 ? entries : entries.filter((entry) => !dead.has(entry));
    if (delivered.length === 0) return;
    this.#fruitless = 0;
    this.#options.observer.delivered(this.name, deliveredRuns(delivered), this.#options.clock.now());
  }

  #acknowledge({ offset }: SpooledRecord): void {
    this.#reader.acknowledge(offset);
    if (this.#drained !== null && this.#isDrained()) this.#drained();
  }

  #map(entries: readonly SpooledRecord[]): Portion {
    const portion: Portion = { entries, messages: [], owners: [], unmapped: new Map() };
    for (const entry of entries) {
      try {
        for (const message of this.#options.mapping.map(entry)) {
          portion.messages.push(message);
          portion.owners.push(entry);
        }
      } catch (error) {
        portion.unmapped.set(entry, messageOf(error));
      }
    }
    return portion;
  }
}

/** Never rejects. A record counts when all of its messages are settled. */
async function outcomeOf(connection: SinkConnection, { entries, messages, owners }: Portion): Promise<Outcome> {
  let settled: Settled = { count: 0, refusals: [] };
  try {
    const refusals = await connection.publish(messages, (known) => {
      settled = known;
    });
    return { entries, refusals, error: null };
  } catch (error) {
    const open = owners[settled.count];
    const closed = open === undefined ? [] : entries.slice(0, entries.indexOf(open));
    return { entries: closed, refusals: settled.refusals, error: error as Error };
  }
}
