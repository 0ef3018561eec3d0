export interface YamlLine {
  readonly indent: number;
  /** `- ` where an entry of a list begins. */
  readonly dash: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly kind: 'text' | 'number' | 'masked';
}

const MASK = '***';
/** Texts that YAML would take for something else. */
const NOT_PLAIN =
  /^$|^[\s>|@`"'%&*!?{}[\],#-]|[:#]\s|:$|\s$|[\n\r]|^(?:true|false|null|yes|no|on|off|~|[-+.\d][\d.eE+-]*)$/i;

/** JSON as lines of YAML, to be looked at. */
export function yamlLines(value: unknown): YamlLine[] {
  return lines(value, 0, '');
}

function lines(value: unknown, indent: number, dash: string): YamlLine[] {
  if (Array.isArray(value))
    return value.flatMap((entry: unknown) =>
      isNested(entry) ? withDash(lines(entry, indent + 2, ''), indent) : [line(indent, '- ', null, entry)],
    );
  if (!isObject(value)) return [line(indent, dash, null, value)];
  return Object.entries(value).flatMap(([key, inner]) =>
    isNested(inner)
      ? [{ indent, dash, key, value: null, kind: 'text' as const }, ...lines(inner, indent + 2, '')]
      : [line(indent, dash, key, inner)],
  );
}

/** The first line of an entry stands behind its dash. */
function withDash([first, ...rest]: YamlLine[], indent: number): YamlLine[] {
  return first === undefined ? [] : [{ ...first, indent, dash: `- ${first.dash}` }, ...rest];
}

function line(indent: number, dash: string, key: string | null, value: unknown): YamlLine {
  const kind = typeof value === 'string' ? (value.includes(MASK) ? 'masked' : 'text') : 'number';
  return { indent, dash, key, value: scalar(value), kind };
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return NOT_PLAIN.test(value) && value !== MASK ? JSON.stringify(value) : value;
  return JSON.stringify(value);
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
