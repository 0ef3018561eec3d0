import { z } from 'zod';

/*
 * What a mapping file of format home-assistant may hold. All knowledge of topics is in the file; the code knows how Home
 * Assistant wants it written down.
 */

/** One MQTT level, and no name the connector uses for topics of its own beside it. */
const place = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be one level of an MQTT topic in small letters, such as door')
  .refine((name) => !['availability', 'gap', 'synchronized', 'device', 'events'].includes(name), {
    error: 'is a topic of the connector itself; take another name',
  });
/** Names that every JSON object has in Home Assistant's templates. */
const METHODS: ReadonlySet<string> = new Set(
  'clear copy fromkeys get items keys pop popitem setdefault update values updated'.split(' '),
);

/** A member of a state's JSON: it stands in templates as it is. */
const member = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a name in small letters, such as door_mode')
  .refine((name) => !METHODS.has(name), { error: 'means something else in templates; take another name' });
const word = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a word in small letters, such as access_granted');
/** `State`, or the way into an ElementItem: `Link/NetworkInterfaceConnectionSetting/Speed`, `Position/@lat`. */
const itemPath = z.string().min(1).max(200);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const words = z.union([z.string(), z.array(z.string()).min(1)]);

/** Where a member's value comes from, and how it is read. */
const value = z.strictObject({
  item: itemPath,
  /** number, boolean and time: null where it is none. */
  as: z.enum(['text', 'number', 'boolean', 'time']).optional(),
  /** Instants that mean "it never happened". */
  never: z.array(z.string()).optional(),
  /** What stands for what; anything else is null. */
  values: z.record(z.string(), scalar).optional(),
});

/** What all entities may have, by the names Home Assistant gives it. */
const display = {
  name: z.string().min(1).max(80),
  device_class: word.optional(),
  icon: z.string().optional(),
  entity_category: z.enum(['diagnostic']).optional(),
  enabled_by_default: z.boolean().optional(),
};

const entity = z
  .strictObject({
    platform: z.enum(['binary_sensor', 'sensor']),
    ...display,
    /** Tells entities of one topic apart; part of their unique id, so never to be changed. */
    id: word.optional(),
    value: member,
    /** binary_sensor: texts that mean on and off; without them the value is a boolean. */
    on: words.optional(),
    off: words.optional(),
    off_delay: z.int().positive().optional(),
    state_class: z.enum(['measurement', 'total', 'total_increasing']).optional(),
    unit_of_measurement: z.string().optional(),
    suggested_display_precision: z.int().min(0).max(6).optional(),
    options: z.array(z.string()).min(1).optional(),
    /** Attributes of the entity and the members they come from. */
    attributes: z.record(member, member).optional(),
  })
  .refine(({ on, off }) => (on === undefined) === (off === undefined), { error: 'needs both on and off, or neither' })
  .refine(({ on = [], off = [] }) => ![on, off].flat().some((text) => /^(true|false)$/i.test(text)), {
    error: 'a boolean needs no on and off; read it with as: boolean',
  })
  .refine(({ platform, on, options }) => (platform === 'sensor' ? on === undefined : options === undefined), {
    error: 'on and off are for a binary_sensor, options for a sensor',
  })
  .refine(({ device_class, options }) => (device_class === 'enum') === (options !== undefined), {
    error: 'device_class: enum and options go together: both or neither',
  });

const topic = z.strictObject({
  place,
  /** Members of the state's JSON. */
  state: z.record(member, z.union([itemPath, value])).optional(),
  entities: z.array(entity).min(1).optional(),
  /** Source items that name it for people; all of them where absent. */
  label: z.array(z.string()).optional(),
  /** Event entities of the same source that are there with it. */
  announces: z.array(word).optional(),
  event: z.strictObject({ entity: word, type: word }).optional(),
  /** Told to nobody. */
  omit: z.literal(true).optional(),
});

const event = z.strictObject({
  ...display,
  /** One entity for each source, or one for the device with the source among its attributes. */
  per: z.enum(['source', 'device']),
  place,
  label: z.array(z.string()).optional(),
  event_types: z.array(word).min(1),
});

const unknown = z.strictObject({
  entity_category: z.enum(['diagnostic']).optional(),
  enabled_by_default: z.boolean().optional(),
});

const prefix = z
  .string()
  .regex(/^[^#+\p{Cc}/$][^#+\p{Cc}]*$/u, "must be an MQTT topic without '#' and '+'")
  .refine((text) => !text.endsWith('/'), { error: "must not end with '/'" });

/** All that the mapping we ship has to say. */
const shape = {
  discovery: z.enum(['device', 'component', 'off']),
  discoveryPrefix: prefix,
  birthTopic: prefix,
  replayed: z.enum(['publish', 'omit']),
  origin: z.strictObject({ name: z.string().min(1), support_url: z.url().optional() }),
  /** Items that no dashboard shows. */
  withheld: z.array(z.string()),
  connectivity: z.strictObject(display),
  events: z.record(word, event),
  topics: z.record(z.string(), topic),
  otherwise: z.strictObject({
    place,
    entities: z.boolean(),
    boolean: unknown,
    number: unknown,
    text: unknown,
    event: unknown,
  }),
};

export const shippedOptions = z.object(shape);

/** What another file leaves out is as we ship it. */
export const homeAssistantOptions = z.object({
  format: z.literal('home-assistant'),
  ...shippedOptions.partial().shape,
});

export type HomeAssistantOptions = z.output<typeof shippedOptions>;
export type WrittenOptions = z.output<typeof homeAssistantOptions>;
export type TopicRule = z.output<typeof topic>;
export type EntityRule = z.output<typeof entity>;
export type EventRule = z.output<typeof event>;
export type ValueRule = z.output<typeof value>;
