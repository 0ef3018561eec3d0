import { type ShownRecord, saying, shortValue } from './shown-record.ts';

/** Items of a notification, `name value`. */
export function Items({ items }: { items: Readonly<Record<string, unknown>> | undefined }) {
  const entries = Object.entries(items ?? {});
  return (
    <span class="items">
      {entries.map(([name, value]) => (
        <Item key={name} name={name} value={shortValue(value)} />
      ))}
    </span>
  );
}

export function Saying({ record }: { record: ShownRecord }) {
  return (
    <span class="items">
      {saying(record).map(([name, value]) => (
        <Item key={name} name={name} value={value} />
      ))}
    </span>
  );
}

/** Their values alone, where there is little room; the names for those who point at them. */
export function Values({ items }: { items: Readonly<Record<string, unknown>> | undefined }) {
  return Object.entries(items ?? {}).map(([name, value]) => (
    <span key={name} class="source-value" title={name}>
      {shortValue(value)}
    </span>
  ));
}

function Item({ name, value }: { name: string; value: string }) {
  return (
    <span class="item">
      <span class="item-name">{name}</span>{' '}
      <span class={value === 'true' ? 'item-value true' : 'item-value'}>{value === '' ? '—' : value}</span>
    </span>
  );
}
