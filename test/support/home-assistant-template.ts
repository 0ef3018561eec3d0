/*
 * As much of Home Assistant's template language as the mapping uses, written from the language's rules and not from the
 * mapping, so that a template it could not read fails the test.
 *
 *   template = "{{" expression [ "|" "tojson" ] "}}"
 *   expression = value [ "if" value "in" list "else" expression ]
 *   value = "value_json" ( "." name / "['" name "']" ) / text / map
 */

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const TOKEN =
  /\s*(?:(value_json)(?:\.([A-Za-z_]\w*)|\['([^']*)'\])|'((?:[^'\\]|\\.)*)'|(if|in|else|tojson)\b|([[\]{},:|]))/y;

interface Token {
  readonly member?: string | undefined;
  readonly text?: string | undefined;
  readonly sign?: string | undefined;
}

/** What Home Assistant would make of the payload: text. Throws where it would complain, or get an empty text. */
export function rendered(template: string, payload: string): string {
  const inner = /^\{\{(.*)\}\}$/s.exec(template)?.[1];
  if (inner === undefined) throw new Error(`no template: ${template}`);
  const tokens = tokensOf(inner, template);
  const json = JSON.parse(payload) as Record<string, Json>;
  let at = 0;
  const sign = (wanted: string) => {
    if (tokens[at]?.sign !== wanted) return false;
    at++;
    return true;
  };
  const need = (wanted: string) => {
    if (!sign(wanted)) throw new Error(`'${wanted}' is missing in ${template}`);
  };
  const value = (): Json => {
    const { member, text } = tokens[at] ?? {};
    if (member !== undefined) {
      at++;
      if (!Object.hasOwn(json, member)) throw new Error(`${member} is undefined in ${payload}`);
      return json[member]!;
    }
    if (text !== undefined) {
      at++;
      return text;
    }
    return sign('{') ? map() : list();
  };
  const map = (): Json => {
    const members: Record<string, Json> = {};
    while (!sign('}')) {
      const name = value() as string;
      need(':');
      members[name] = expression();
      sign(',');
    }
    return members;
  };
  const list = (): readonly Json[] => {
    need('[');
    const all: Json[] = [];
    while (!sign(']')) {
      all.push(value());
      sign(',');
    }
    return all;
  };
  const expression = (): Json => {
    const first = value();
    if (!sign('if')) return first;
    const sought = value();
    need('in');
    const found = list().includes(sought);
    need('else');
    const other = expression();
    return found ? first : other;
  };
  const result = expression();
  const asJson = sign('|') && sign('tojson');
  if (at < tokens.length) throw new Error(`cannot be read to its end: ${template}`);
  return asJson ? JSON.stringify(result) : shown(result);
}

function tokensOf(inner: string, template: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const text = inner.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`not understood at ${from}: ${template}`);
    const [, , dotted, bracketed, quoted, word, sign] = match;
    tokens.push({ member: dotted ?? bracketed, text: quoted?.replace(/\\(.)/g, '$1'), sign: word ?? sign });
  }
  return tokens;
}

/** As Python writes it. */
function shown(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
