import { NS } from './namespaces.ts';
import type { Quirks } from './quirks.ts';
import type { Items, ItemValue, SimulatedEvent } from './simulated-event.ts';

const NEVER = '1970-01-01T00:00:00Z';
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d:\d\d.*)$/;
const NESTED_SOURCE = '<tt:Source><tt:SimpleItem Name="Inner" Value="1"/></tt:Source>';
const NESTED_FAULT =
  '<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value></SOAP-ENV:Code>' +
  '<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">Recorded elsewhere</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>';

/** How a device puts an event: what stays of its groups and its operation. */
export interface WordedEvent {
  readonly utcTime: string;
  readonly operation: string | null;
  readonly source: Items | null;
  readonly data: Items | null;
}

export function wordedEvent(event: SimulatedEvent, quirks: Quirks): WordedEvent {
  const { operation } = event;
  const told = operation === 'Changed' && quirks.has('initialized-for-changes') ? 'Initialized' : operation;
  const noData = quirks.has('data-missing') || (operation === 'Deleted' && quirks.has('deleted-without-data'));
  return {
    utcTime: utcTimeOf(event, quirks),
    operation: quirks.has('no-property-operation') ? null : told,
    source: quirks.has('source-missing') ? null : event.source,
    data: noData ? null : dataOf(event.data, quirks),
  };
}

function utcTimeOf({ utcTime, operation }: SimulatedEvent, quirks: Quirks): string {
  if (operation === 'Initialized' && quirks.has('initialized-1970')) return NEVER;
  if (quirks.has('utc-time-without-zone')) return utcTime.replace(/Z$/, '');
  if (quirks.has('utc-time-microseconds'))
    return utcTime.replace(/(\.\d{3})?Z$/, (_, ms?: string) => `${ms ?? '.000'}123Z`);
  if (quirks.has('utc-time-garbage')) return utcTime.replace(/^(\d{4})-\d\d/, '$1-13');
  return utcTime;
}

function dataOf(data: Items, quirks: Quirks): Items {
  const worded: Record<string, ItemValue | readonly ItemValue[]> = { ...data };
  if (quirks.has('duplicate-items'))
    for (const [name, value] of Object.entries(data)) worded[name] = [value, value].flat() as ItemValue[];
  if (quirks.has('nested-source')) worded.Nested = { xml: NESTED_SOURCE };
  if (quirks.has('fault-in-element-item')) worded.LastError = { xml: NESTED_FAULT };
  return worded;
}

/** The text of a simple value. */
export function wordedValue(value: string | number | boolean, quirks: Quirks): string {
  if (typeof value === 'boolean') {
    if (quirks.has('upper-case-booleans')) return String(value).toUpperCase();
    if (quirks.has('booleans-as-numbers')) return value ? '1' : '0';
    if (quirks.has('booleans-as-words')) return value ? 'ON' : 'OFF';
    return String(value);
  }
  const date = typeof value === 'string' ? DATE_TIME.exec(value) : null;
  if (date && quirks.has('empty-values')) return '';
  if (date && quirks.has('us-date-values')) return `${date[2]}-${date[3]}-${date[1]}${date[4]}`;
  return String(value);
}

/** The topic as it is written. */
export function wordedTopic(topic: string, quirks: Quirks): string {
  let path = topic;
  if (quirks.has('prefix-every-level')) path = everyLevelPrefixed(path);
  if (quirks.has('nested-root-topics') && path.startsWith('tns1:')) path = `tns1:VideoAnalytics/${path}`;
  if (quirks.has('topics-end-in-dots')) path += '//.';
  return quirks.has('padded-topics') ? `\r\n        ${path}\r\n      ` : path;
}

function everyLevelPrefixed(topic: string): string {
  let prefix = '';
  return topic
    .split('/')
    .map((level) => {
      if (!level.includes(':')) return `${prefix}:${level}`;
      prefix = level.slice(0, level.indexOf(':'));
      return level;
    })
    .join('/');
}

/** The attribute a device gives its Topic. */
export function wordedDialect(dialect: string, quirks: Quirks): string {
  return quirks.has('dialect-holds-xmlns') ? `xmlns=&quot;${NS.wsnt}&quot;` : dialect;
}

/** Odd ways to write what is right. */
export function wordedXml(xml: string, quirks: Quirks): string {
  let text = xml;
  if (quirks.has('attributes-reordered')) {
    text = text
      .replace(/(Name="[^"]*") (Value="[^"]*")/g, '$2 $1')
      .replace(/(UtcTime="[^"]*") (PropertyOperation="[^"]*")/g, '$2 $1');
  }
  if (quirks.has('attributes-on-lines'))
    text = text.replace(/ (Name|Value|UtcTime|PropertyOperation|Dialect)=/g, '\r\n            $1=');
  return text;
}
