import { NS, wellKnownNamespace } from '../device/namespaces.ts';
import { type ValueKind, valueKind } from '../normalize/item-value.ts';

/*
 * mappings/standard-operations.json, in which each operation and each type is one text:
 *
 *   operation = [prefix ":"] name ": " members "->" members         request, answer; the prefix where it is not the service's
 *   members   = *( member " " )                                      in the order of the schema
 *   member    = "@" name ["=" scalar]                                attribute
 *             | [prefix ":"] name ["*"] ["=" ( scalar | type )]      element; "*": it may come several times
 *   scalar    = "boolean" | "integer" | "decimal" | "float"          text where nothing is said
 *   type      = prefix ":" name                                      a type of `types`; its elements are in the namespace of its prefix
 */

/** One element or attribute of a request, an answer or a type. */
export interface CallMember {
  readonly name: string;
  readonly attribute: boolean;
  /** Prefix of the element's namespace. */
  readonly prefix: string;
  readonly repeats: boolean;
  readonly kind: ValueKind;
  /** Name of its type, where it is made of parts. */
  readonly type: string | undefined;
}

export interface CallService {
  readonly name: string;
  readonly namespace: string;
  readonly prefix: string;
  /** Action of an operation, with `*` for its name. */
  readonly action: string;
  readonly operations: ReadonlyMap<string, CallOperation>;
}

export interface CallOperation {
  readonly name: string;
  /** Prefix of the request element. */
  readonly prefix: string;
  readonly request: readonly CallMember[];
  readonly answer: readonly CallMember[];
}

/** The operations that the standard's services have, and what goes into them. */
export interface CallTable {
  readonly services: ReadonlyMap<string, CallService>;
  /** Members of a type; none where the type is open (anything may be in it) or not in the table. */
  members(type: string): readonly CallMember[];
  /** The namespace a prefix stands for; undefined where it has no convention. */
  namespaceOf(prefix: string): string | undefined;
}

/** What the file holds. */
interface TableFile {
  readonly services: Readonly<
    Record<string, { namespace: string; prefix: string; action: string; operations: Readonly<Record<string, string>> }>
  >;
  readonly types: Readonly<Record<string, string>>;
}

/** Reads the parsed content of `mappings/standard-operations.json`. */
export function readCallTable(content: unknown): CallTable {
  const { services, types } = content as TableFile;
  const read = new Map<string, readonly CallMember[]>();
  const namespaces = new Map(Object.values(services).map(({ prefix, namespace }) => [prefix, namespace]));
  return {
    services: new Map(
      Object.entries(services).map(([name, { operations, ...service }]) => {
        const known = Object.entries(operations).map(([key, text]) => operationOf(key, text, service.prefix));
        const byName = new Map(known.map((operation) => [operation.name, operation]));
        return [name, { name, ...service, operations: byName }];
      }),
    ),
    members(type) {
      const known = read.get(type);
      if (known !== undefined) return known;
      const members = Object.hasOwn(types, type) ? membersOf(types[type]!, prefixed(type).prefix ?? 'tt') : [];
      read.set(type, members);
      return members;
    },
    namespaceOf: (prefix) => namespaces.get(prefix) ?? wellKnownNamespace(prefix),
  };
}

function operationOf(key: string, text: string, service: string): CallOperation {
  const { prefix = service, local } = prefixed(key);
  const [request = '', answer = ''] = text.split('->');
  return { name: local, prefix, request: membersOf(request, prefix), answer: membersOf(answer, prefix) };
}

function membersOf(text: string, home: string): readonly CallMember[] {
  return text
    .split(' ')
    .filter((member) => member !== '')
    .map((member) => {
      const [, at, qname = '', star, is = ''] = /^(@?)([^*=]+)(\*?)(?:=(.+))?$/.exec(member)!;
      const { prefix = home, local } = prefixed(qname);
      const type = is.includes(':') ? is : undefined;
      const kind = type === undefined ? valueKind({ uri: NS.xs, local: is }) : 'text';
      return { name: local, attribute: at === '@', prefix, repeats: star === '*', kind, type };
    });
}

function prefixed(qname: string): { prefix: string | undefined; local: string } {
  const colon = qname.indexOf(':');
  return colon < 0
    ? { prefix: undefined, local: qname }
    : { prefix: qname.slice(0, colon), local: qname.slice(colon + 1) };
}
