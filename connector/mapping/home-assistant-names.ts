import { hash } from 'node:crypto';
import type { Items, ItemValue, NotificationRecord } from '../normalize/record.ts';
import { attributeText } from './topic-text.ts';

/*
 * Names that Home Assistant keeps for good (unique ids, object ids) and those that people read.
 *
 *   object id, unique id = 1*( ALPHA / DIGIT / "_" / "-" )      what stands in a discovery topic may hold nothing else
 *   entity id            = platform "." 1*( a-z / DIGIT / "_" )
 */

const LONGEST_SLUG = 64;
const LONGEST_LABEL = 80;

/**
 * `text` as a part of a unique id. Where it cannot be read back from that (characters replaced, or cut), a digest of it
 * stands behind, so that two sources never share an id.
 */
export function slug(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_-]+/g, '_');
  return plain === text && plain.length <= LONGEST_SLUG ? text : withDigest(plain, text);
}

function withDigest(plain: string, text: string): string {
  return `${plain.slice(0, LONGEST_SLUG - 16)}_${hash('sha256', text, 'hex').slice(0, 8)}`;
}

/** Several values as one part of a unique id; '' for none. */
export function sourceSlug(values: readonly string[]): string {
  return values.length <= 1 ? (values[0] === undefined ? '' : slug(values[0])) : slug(values.join('/'));
}

/** `Door/State/DoorMode` → `door_state_door_mode`; vendor levels and all that is not plain get a digest. */
export function topicSlug(local: string): string {
  const plain = local.split('/').map(snakeCase).join('_');
  return /^[A-Za-z0-9/]+$/.test(local) && plain.length <= LONGEST_SLUG ? plain : withDigest(plain, local);
}

/** `CredentialToken` → `credential_token`, `ImageURI` → `image_uri`; only small letters, digits and `_`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** `OutsideConfiguredArea` → `Outside configured area`. */
export function words(name: string): string {
  const text = snakeCase(name.slice(name.indexOf(':') + 1)).replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The entity id Home Assistant is to propose. */
export function entityId(platform: string, device: string, name: string): string {
  return `${platform}.${[snakeCase(device), snakeCase(name)].filter((part) => part !== '').join('_')}`;
}

/** Source, then Key values as the device wrote them: what tells the states of one topic apart. */
export function sourceTexts(record: NotificationRecord): readonly string[] {
  return [...(record.sourceValues ?? itemTexts(record.source)), ...(record.keyValues ?? itemTexts(record.key))];
}

function itemTexts(items: Items): string[] {
  return Object.values(items).flatMap(texts);
}

/** ElementItems have no place in a topic. */
function texts(value: ItemValue): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  return value === null || typeof value === 'object' ? [] : [String(value)];
}

/** What people tell the source by: the items named, where the record has one of them, else all of its values. */
export function sourceLabel(record: NotificationRecord, named: readonly string[] | undefined): string {
  const chosen = (named ?? []).flatMap((name) =>
    texts((Object.hasOwn(record.source, name) ? record.source[name] : record.key[name]) ?? null),
  );
  const label = chosen.length > 0 ? chosen : sourceTexts(record);
  return attributeText(label.join(' ')).trim().slice(0, LONGEST_LABEL);
}
