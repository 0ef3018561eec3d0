import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { XmlElement } from '../../connector/device/notification-message.ts';
import { attribute, child, childrenNamed, parseXml, resolveInContent } from '../../connector/device/xml-tree.ts';

/** Services by the name that `call` gives them: their WSDL, the port type that is asked at the service's own address. */
const SERVICES = {
  device: { file: 'devicemgmt.wsdl', prefix: 'tds', portType: 'Device' },
  deviceio: { file: 'deviceio.wsdl', prefix: 'tmd', portType: 'DeviceIOPort' },
  events: { file: 'event.wsdl', prefix: 'tev', portType: 'EventPortType' },
  accesscontrol: { file: 'accesscontrol.wsdl', prefix: 'tac', portType: 'PACSPort' },
  doorcontrol: { file: 'doorcontrol.wsdl', prefix: 'tdc', portType: 'DoorControlPort' },
  credential: { file: 'credential.wsdl', prefix: 'tcr', portType: 'CredentialPort' },
  schedule: { file: 'schedule.wsdl', prefix: 'tsc', portType: 'SchedulePort' },
} as const;

const OTHER_PREFIXES: Readonly<Record<string, string>> = {
  'http://www.onvif.org/ver10/schema': 'tt',
  'http://www.onvif.org/ver10/pacs': 'pt',
  'http://docs.oasis-open.org/wsn/b-2': 'wsnt',
  'http://docs.oasis-open.org/wsn/t-1': 'wstop',
  'http://www.w3.org/2005/08/addressing': 'wsa',
  'http://www.w3.org/2004/08/xop/include': 'xop',
  'http://www.w3.org/2001/XMLSchema': 'xs',
};

const SCALARS: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  ...{ decimal: 'decimal', float: 'float', double: 'float' },
  ...{ int: 'integer', integer: 'integer', long: 'integer', short: 'integer', byte: 'integer' },
  ...{ nonNegativeInteger: 'integer', positiveInteger: 'integer' },
  ...{ unsignedInt: 'integer', unsignedLong: 'integer', unsignedShort: 'integer', unsignedByte: 'integer' },
};

/** A definition and the namespace it stands in. */
interface Defined {
  readonly element: XmlElement;
  readonly home: string;
}

/** What the published WSDL and XSD in `folder` say, in the form of mappings/standard-operations.json. */
export function publishedOperations(folder: string) {
  const schema = readSchemas(folder);
  const services = Object.entries(SERVICES).map(([name, { file, prefix, portType }]) => {
    const root = parseXml(readFileSync(join(folder, file)));
    return [name, serviceOf(root, prefix, portType, schema)] as const;
  });
  const used = [...schema.used].sort(([a], [b]) => (a < b ? -1 : 1));
  return { services: Object.fromEntries(services), types: Object.fromEntries(used) };
}

function serviceOf(root: XmlElement, prefix: string, portType: string, schema: Schemas) {
  const messages = new Map<string, string>();
  for (const message of childrenNamed(root, 'message')) {
    const part = child(message, 'part');
    const element = attribute(part, 'element');
    if (element !== undefined) messages.set(attribute(message, 'name')!, schema.name(part!, element));
  }
  const operations: Record<string, string> = {};
  const port = childrenNamed(root, 'portType').find((candidate) => attribute(candidate, 'name') === portType);
  for (const operation of childrenNamed(port, 'operation')) {
    const said = (kind: string) => messages.get(attribute(child(operation, kind), 'message')!.replace(/^.*:/, ''))!;
    const [own, local] = said('input').split(':') as [string, string];
    const [request, response] = [said('input'), said('output')].map((name) => schema.membersOf(name));
    operations[own === prefix ? local : `${own}:${local}`] = `${request} -> ${response}`.trim();
  }
  const action = soapAction(root, Object.keys(operations)[0]!.replace(/^.*:/, ''));
  return { namespace: attribute(root, 'targetNamespace'), prefix, action, operations };
}

/** The action of an operation, with `*` for its name. */
function soapAction(root: XmlElement, name: string): string {
  const found = childrenNamed(root, 'binding')
    .flatMap((binding) => childrenNamed(binding, 'operation'))
    .filter((operation) => attribute(operation, 'name') === name)
    .map((operation) => attribute(child(operation, 'operation'), 'soapAction') ?? '')
    .find((action) => !action.includes('PullPointSubscription'))!;
  return found.replace(name, '*');
}

type Schemas = ReturnType<typeof readSchemas>;

function readSchemas(folder: string) {
  const types = new Map<string, Defined>();
  const elements = new Map<string, Defined>();
  const prefixes: Record<string, string> = { ...OTHER_PREFIXES };
  for (const file of readdirSync(folder).filter((name) => /\.(wsdl|xsd)$/.test(name))) {
    const root = parseXml(readFileSync(join(folder, file)));
    const service = Object.values(SERVICES).find((candidate) => candidate.file === file);
    if (service !== undefined) prefixes[attribute(root, 'targetNamespace')!] = service.prefix;
    for (const schema of root.local === 'schema' ? [root] : childrenNamed(child(root, 'types'), 'schema')) {
      const home = attribute(schema, 'targetNamespace') ?? '';
      for (const element of schema.children) {
        const into = element.local === 'element' ? elements : /Type$/.test(element.local) ? types : null;
        into?.set(`${home} ${attribute(element, 'name')}`, { element, home });
      }
    }
  }
  const reader = schemaReader(types, elements, prefixes);
  return reader;
}

function schemaReader(
  types: ReadonlyMap<string, Defined>,
  elements: ReadonlyMap<string, Defined>,
  prefixes: Readonly<Record<string, string>>,
) {
  const used = new Map<string, string>();
  const qualified = (at: XmlElement, text: string): { uri: string; local: string } => {
    const colon = text.indexOf(':');
    return { uri: resolveInContent(at, text.slice(0, Math.max(0, colon))), local: text.slice(colon + 1) };
  };
  const short = ({ uri, local }: { uri: string; local: string }) => `${prefixes[uri] ?? uri}:${local}`;

  /** `boolean`, `integer` …; '' for text; null for what has parts. */
  const scalar = (type: { uri: string; local: string }): string | null => {
    if (prefixes[type.uri] === 'xs') return SCALARS[type.local] ?? '';
    const found = types.get(`${type.uri} ${type.local}`);
    if (found === undefined) return '';
    if (found.element.local === 'complexType') return null;
    const base = attribute(child(found.element, 'restriction'), 'base');
    return base === undefined ? '' : scalar(qualified(found.element, base));
  };
  const typeText = ({ element, home }: Defined, inside: string): string => {
    const type = attribute(element, 'type');
    if (type !== undefined) {
      const name = qualified(element, type);
      const plain = scalar(name);
      if (plain !== null) return plain === '' ? '' : `=${plain}`;
      use(short(name), types.get(`${name.uri} ${name.local}`)!);
      return `=${short(name)}`;
    }
    const anonymous = child(element, 'complexType');
    if (anonymous === undefined) return '';
    const name = `${inside}.${attribute(element, 'name')}`;
    if (members({ element: anonymous, home }, name) === '') return '';
    use(name, { element: anonymous, home });
    return `=${name}`;
  };
  const use = (name: string, type: Defined): void => {
    if (used.has(name)) return;
    used.set(name, '');
    used.set(name, members(type, name));
  };
  const members = (type: Defined, inside: string): string => memberTexts(type, inside).join(' ');
  const memberTexts = particles({ qualified, short, scalar, typeText, types, elements, prefixes });
  return {
    used,
    name: (at: XmlElement, text: string) => short(qualified(at, text)),
    membersOf(name: string): string {
      const [prefix, local] = name.split(':') as [string, string];
      const uri = Object.keys(prefixes).find((candidate) => prefixes[candidate] === prefix)!;
      const { element, home } = elements.get(`${uri} ${local}`)!;
      const anonymous = child(element, 'complexType');
      return anonymous === undefined ? '' : members({ element: anonymous, home }, name);
    },
  };
}

interface Reading {
  qualified(at: XmlElement, text: string): { uri: string; local: string };
  short(name: { uri: string; local: string }): string;
  scalar(type: { uri: string; local: string }): string | null;
  typeText(element: Defined, inside: string): string;
  readonly types: ReadonlyMap<string, Defined>;
  readonly elements: ReadonlyMap<string, Defined>;
  readonly prefixes: Readonly<Record<string, string>>;
}

/** The members of a complex type, those of its base first. */
function particles(reading: Reading) {
  const { qualified, short, scalar, typeText, types, elements, prefixes } = reading;
  const memberTexts = ({ element, home }: Defined, inside: string): string[] => {
    const particle = (of: XmlElement, repeats: boolean): string[] =>
      of.children.flatMap((part) => {
        const again = repeats || !['0', '1'].includes(attribute(part, 'maxOccurs') ?? '1');
        switch (part.local) {
          case 'sequence':
          case 'choice':
          case 'all':
            return particle(part, again);
          case 'element':
            return [elementText(part, home, inside, again)];
          case 'attribute':
            return attributeText(part);
          case 'complexContent':
          case 'simpleContent':
            return derived(part, home, particle);
          default:
            return [];
        }
      });
    return particle(element, false);
  };
  const elementText = (part: XmlElement, home: string, inside: string, again: boolean): string => {
    const ref = attribute(part, 'ref');
    const name = ref === undefined ? undefined : qualified(part, ref);
    const target = name === undefined ? { element: part, home } : elements.get(`${name.uri} ${name.local}`)!;
    const local = attribute(target.element, 'name')!;
    const own = target.home === home ? local : short({ uri: target.home, local });
    return `${own}${again ? '*' : ''}${typeText(target, inside)}`;
  };
  const attributeText = (part: XmlElement): string[] => {
    const name = attribute(part, 'name');
    const type = attribute(part, 'type');
    const plain = type === undefined ? '' : scalar(qualified(part, type));
    return name === undefined ? [] : [`@${name}${plain ? `=${plain}` : ''}`];
  };
  const derived = (part: XmlElement, home: string, particle: (of: XmlElement, repeats: boolean) => string[]) => {
    const extension = child(part, 'extension');
    const by = extension ?? child(part, 'restriction')!;
    const name = qualified(by, attribute(by, 'base')!);
    const base = extension === undefined ? undefined : types.get(`${name.uri} ${name.local}`);
    const inherited = base?.element.local === 'complexType' ? memberTexts(base, short(name)) : [];
    // What comes of a base of another namespace keeps that namespace.
    const kept = inherited.map((member) =>
      base!.home === home || /^@|^[\w.]+:/.test(member) ? member : `${prefixes[base!.home]}:${member}`,
    );
    return [...kept, ...particle(by, false)];
  };
  return memberTexts;
}
