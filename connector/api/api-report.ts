/**
 * What the API tells, as JSON: a published contract (docs/web-page.md), extended and never renamed. Instants are ISO 8601 in
 * UTC; spans and ages are seconds.
 */

/** Where a device stands; `starting` before its first contact in this process. */
export type ReportedStatus = 'starting' | 'online' | 'offline' | 'unauthorized' | 'stopped';

export interface DeviceReport {
  readonly id: string;
  readonly name: string | null;
  readonly site: string | null;
  readonly address: string;
  readonly status: ReportedStatus;
  readonly since: string | null;
  /** Why it is not online; null while it is. */
  readonly error: string | null;
  /** What it calls itself, when it was last asked. */
  readonly identity: Readonly<Record<string, string>>;
  readonly lastEventAt: string | null;
  readonly lastAnswerAt: string | null;
  /** Notifications since the connector started. */
  readonly events: number;
  /** Seconds the device's clock is ahead of ours; null before it was measured. */
  readonly clockSkewSeconds: number | null;
  readonly subscription: SubscriptionReport | null;
  /** Gaps since the connector started. */
  readonly gaps: number;
  readonly lastGapAt: string | null;
}

export interface SubscriptionReport {
  readonly flow: 'pull-point' | 'base-notification';
  readonly epoch: number;
  /** null where it was not made by this process yet. */
  readonly how: 'resumed' | 'created' | null;
  readonly leaseUntil: string | null;
}

export interface DeviceDetail extends DeviceReport {
  readonly capabilities: Readonly<Record<string, string | number | boolean>>;
  readonly topics: readonly string[];
  /** What it would not tell when it was described. */
  readonly missing: readonly string[];
  /** Newest first. */
  readonly recentGaps: readonly GapReport[];
  readonly recentTroubles: readonly TroubleReport[];
  readonly learned: readonly LessonReport[];
  /** Records of the properties in force, newest first; `propertiesTotal` counts those left out too. */
  readonly properties: readonly unknown[];
  readonly propertiesTotal: number;
}

export interface GapReport {
  readonly since: string | null;
  readonly until: string;
  readonly reason: string;
  readonly detail: string | null;
}

export interface TroubleReport {
  readonly at: string;
  readonly what: string;
  readonly error: string;
}

export interface LessonReport {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly at: string;
  readonly times: number;
  /** Which answer of the device taught it. */
  readonly from: string;
}

export interface SinkReport {
  readonly name: string;
  readonly type: string;
  /** Where it delivers to, logins masked; null for stdout. */
  readonly address: string | null;
  readonly mapping: string;
  readonly connected: boolean;
  readonly since: string | null;
  /** Records it has not delivered, and the age of the oldest. */
  readonly lag: { readonly records: number; readonly seconds: number };
  /** Records since the connector started. */
  readonly delivered: number;
  readonly lastDeliveredAt: string | null;
  readonly deadLetters: number;
  readonly lastDeadLetter: { readonly at: string; readonly reason: string } | null;
  readonly lastError: TroubleReport | null;
}

export interface SpoolReport {
  readonly records: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** No room: devices are not asked for more. */
  readonly holding: boolean;
  readonly lastOffset: number;
}

export interface MappingReport {
  readonly name: string;
  /** Names of the sinks that use it. */
  readonly sinks: readonly string[];
}

/** A door as its properties tell it (Door Control 6.2); what it does not tell is null. */
export interface DoorReport {
  readonly device: string;
  readonly token: string;
  readonly mode: string | null;
  readonly position: string | null;
  readonly lock: string | null;
  readonly doubleLock: string | null;
  readonly alarm: string | null;
  readonly tamper: string | null;
  readonly fault: string | null;
  /** When any of it last changed. */
  readonly changedAt: string | null;
}

/** An access point (Access Control 6) with the last that happened there. */
export interface AccessPointReport {
  readonly device: string;
  readonly token: string;
  readonly enabled: boolean | null;
  readonly lastTransaction: TransactionReport | null;
}

export interface TransactionReport {
  /** Such as `AccessGranted/Credential`. */
  readonly what: string;
  readonly at: string;
  /** Credential token, reason and the like, as the stream tells them. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DoorBoard {
  readonly doors: readonly DoorReport[];
  readonly accessPoints: readonly AccessPointReport[];
}

export interface PlaygroundRequest {
  /** Whose event it is taken for; any configured device, or a name of nobody. */
  readonly device?: string | undefined;
  /** A notification as XML (an answer, a Notify, a NotificationMessage), or one record or several as JSON. */
  readonly input: string;
}

export interface PlaygroundAnswer {
  readonly records: readonly unknown[];
  /** What is wrong with the input and could be passed over. */
  readonly notes: readonly string[];
  readonly outputs: readonly PlaygroundOutput[];
}

export interface PlaygroundOutput {
  readonly mapping: string;
  readonly sinks: readonly string[];
  /** How messages are addressed: by topic, or as Kafka sinks send them. */
  readonly transport: 'mqtt' | 'kafka';
  readonly messages: readonly PlaygroundMessage[];
  /** Why this mapping made nothing of it; null where it did, or had nothing to say. */
  readonly error: string | null;
}

export interface PlaygroundMessage {
  readonly topic: string;
  readonly key: string | null;
  readonly payload: string;
  readonly retain: boolean;
  readonly contentType: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export interface ConnectorReport {
  readonly version: string;
  readonly startedAt: string;
  readonly now: string;
  readonly ready: boolean;
  readonly devices: number;
  readonly sinks: number;
}
