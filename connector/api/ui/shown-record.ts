/** A record as the stream tells it (docs/records.md): what of it the page looks at. */
export interface ShownRecord {
  readonly kind: string;
  readonly id: string;
  readonly device: string;
  readonly sequence: number;
  readonly receivedAt: string;
  readonly topic?: string;
  readonly time?: string | null;
  readonly provenance?: string;
  readonly propertyOperation?: string;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly key?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  readonly detail?: string;
  readonly status?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly since?: string | null;
  readonly until?: string;
  readonly properties?: number;
  readonly changed?: number | boolean;
  readonly gap?: string;
  readonly identity?: Readonly<Record<string, string>>;
}

/** Longest value in a line; the rest is in the record. */
const LONGEST_VALUE = 80;

/** What a record says, in a line. */
export function saying(record: ShownRecord): readonly (readonly [name: string, value: string])[] {
  const { kind, data = {}, identity = {}, status, error, reason, detail, properties, changed, gap } = record;
  const told: Record<string, unknown> =
    kind === 'notification'
      ? data
      : kind === 'device'
        ? { manufacturer: identity.manufacturer, model: identity.model, firmware: identity.firmwareVersion }
        : kind === 'status'
          ? { status, error }
          : kind === 'gap'
            ? { reason, detail }
            : { properties, changed, gap };
  return Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [[name, shortValue(value)]]));
}

export function shortValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

/** `tns1:Door/State/DoorMode` without the prefix everybody has. */
export function shortTopic(topic: string): string {
  return topic.replace(/^tns1:/, '');
}
