import { parse } from 'yaml';
import type { Finding } from './fault.ts';
import { kindOf, type Schema, typesOf } from './schema-walk.ts';
import { mapScalars, type Path, type Tree } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `${NAME}` and `${NAME:default}` inside strings; `$${` is a literal `${`.
 *
 *     Reference := '${' NAME ( ':' default )? '}'      NAME := [A-Za-z_][A-Za-z0-9_]*      default holds no '}'
 */
const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\})?/g;

const LITERAL = `write "$\${" for a literal "\${"`;
const NO_REFERENCE = `"\${" starts no \${NAME} or \${NAME:default}; ${LITERAL}`;

export interface ExpansionOptions {
  readonly tree: Tree;
  readonly env: Environment;
  /** The schema of what stands at a path; undefined where no such key exists. */
  readonly schemaAt: (path: Path) => Schema | undefined;
  /** Values not to look into: those that came from the environment themselves. */
  readonly skip: (path: Path) => boolean;
  readonly report: (finding: Finding) => void;
}

/** The configuration with every reference replaced; what cannot be is reported and stays. Where a number, true or false is wanted, the text is read as one. */
export function expandVariables({ tree, env, schemaAt, skip, report }: ExpansionOptions): Tree {
  const change = (scalar: unknown, path: Path): unknown => {
    if (typeof scalar !== 'string' || !scalar.includes('${') || skip(path)) return scalar;
    const schema = schemaAt(path);
    const secret = schema !== undefined && kindOf(schema) === 'secret';
    const text = expand(scalar, env, secret, (message) => report({ path, message }));
    return text === undefined || schema === undefined ? (text ?? scalar) : readAs(schema, text);
  };
  return mapScalars(tree, change) as Tree;
}

function expand(text: string, env: Environment, secret: boolean, fault: (message: string) => void): string | undefined {
  let complete = true;
  const expanded = text.replace(REFERENCE, (reference, name: string | undefined, fallback: string | undefined) => {
    if (reference === '$${') return '${';
    const value = name === undefined ? undefined : env[name];
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    complete = false;
    // Inside a longer secret the "name" may be a piece of the secret itself.
    if (secret && reference !== text) fault(`"\${" refers to an environment variable that is not set; ${LITERAL}`);
    else if (name === undefined) fault(NO_REFERENCE);
    else fault(`environment variable ${name} is not set (set it, or write \${${name}:default})`);
    return '';
  });
  return complete ? expanded : undefined;
}

/** Text as the value a schema wants: itself where text will do, else what YAML reads in it. */
export function readAs(schema: Schema, text: string): unknown {
  const wanted = typesOf(schema);
  if (wanted.some((type) => type === 'string' || type === 'enum')) return text;
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return text;
  }
}
