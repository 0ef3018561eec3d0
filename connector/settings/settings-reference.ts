import {
  defaultOf,
  descriptionOf,
  elementOf,
  isOptional,
  kindOf,
  namedValuesOf,
  type Schema,
  shapesOf,
  typesOf,
} from './schema-walk.ts';
import { settingsSchema } from './settings-schema.ts';
import { isTree } from './tree.ts';

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly text: string;
}

/** Every key of the configuration with type, default and one line, as Markdown: the reference in docs/configuration.md. */
export function settingsMarkdown(): string {
  const [shape = {}] = shapesOf(settingsSchema);
  const sections: string[] = [];
  const top: Row[] = [];
  for (const [key, schema] of Object.entries(shape)) {
    const shapes = shapesOf(elementOf(schema) ?? schema);
    if (shapes.length === 0 || key === 'deviceDefaults') top.push(row(key, schema));
    else sections.push(...shapes.map((inner) => section(key, schema, inner)));
  }
  return `${[table('Top level', '', top), ...sections].join('\n\n')}\n`;
}

function section(key: string, schema: Schema, shape: Readonly<Record<string, Schema>>): string {
  const list = elementOf(schema) !== undefined;
  const type = list && shape.type ? namedValuesOf(shape.type)[0] : undefined;
  const title = `\`${key}${list ? '[]' : ''}\`${type === undefined ? '' : ` with \`type: ${type}\``}`;
  const text = type === undefined ? descriptionOf(schema) : descriptionOf(shape.type!);
  return table(
    title,
    text,
    Object.entries(shape).flatMap(([name, inner]) => rows(name, inner)),
  );
}

/** The row of a key, and those of the keys below it. Secrets are objects only on the inside. */
function rows(key: string, schema: Schema): Row[] {
  const shapes = kindOf(schema) === undefined && elementOf(schema) === undefined ? shapesOf(schema) : [];
  const below = shapes.flatMap((shape) =>
    Object.entries(shape).flatMap(([name, inner]) => rows(`${key}.${name}`, inner)),
  );
  return [row(key, schema), ...below];
}

function row(key: string, schema: Schema): Row {
  const fallback = defaultOf(schema);
  const written = isTree(fallback) || fallback === undefined ? '' : `\`${Array.isArray(fallback) ? '[]' : fallback}\``;
  return {
    key,
    type: typeText(schema),
    fallback: written || (isOptional(schema) ? '' : '**needed**'),
    text: descriptionOf(schema),
  };
}

const KINDS: Readonly<Record<string, string>> = {
  secret: 'secret',
  duration: 'duration',
  bytes: 'size',
  file: 'file',
  mapping: 'mapping',
  endpoint: 'host:port',
  address: 'URL or host',
  url: 'URL',
  fingerprint: 'text',
  topic: 'topic',
  folder: 'folder',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true, false',
  object: 'keys',
};

function typeText(schema: Schema): string {
  const kind = kindOf(schema);
  if (kind) return KINDS[kind]!;
  const element = elementOf(schema);
  if (element) return `list of ${typeText(element)}`;
  const values = namedValuesOf(schema);
  if (values.length > 0) return values.map((value) => `\`${value}\``).join(', ');
  return [...new Set(typesOf(schema).map((type) => TYPES[type] ?? type))].join(' or ');
}

function table(title: string, text: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ key, type, fallback, text: line }) => `| \`${key}\` | ${type} | ${fallback} | ${line.replaceAll('|', '\\|')} |`,
  );
  const head = ['| key | type | default | |', '|---|---|---|---|'];
  return [`### ${title}`, ...(text === '' ? [] : ['', text]), '', ...head, ...lines].join('\n');
}
