import type { DeviceService } from '../device/device-description.ts';
import { closest } from '../did-you-mean.ts';
import { UnsupportedError } from '../errors.ts';
import type { CallOperation, CallService, CallTable } from './call-table.ts';

/** An operation of a service, as `deviceio.SetRelayOutputState` names it. */
export interface CallTarget {
  /** In the one way it is written: for allow lists and log lines. */
  readonly text: string;
  readonly service: string;
  readonly operation: string;
}

/** Other names that people know a service by: its WSDL's, its prefix. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ...([
    ['devicemgmt', 'device'],
    ['tds', 'device'],
    ['event', 'events'],
    ['tev', 'events'],
  ] as const),
  ...([
    ['tmd', 'deviceio'],
    ['tac', 'accesscontrol'],
    ['tdc', 'doorcontrol'],
  ] as const),
  ...([
    ['tcr', 'credential'],
    ['tsc', 'schedule'],
    ['pacs', 'accesscontrol'],
  ] as const),
]);

/** Services of the standard whose operations the table does not have: they are called by the rule alone. */
const OTHER_SERVICES = [
  ...[
    'advancedsecurity',
    'analytics',
    'analyticsdevice',
    'appmgmt',
    'authenticationbehavior',
    'display',
    'imaging',
    'media',
  ],
  ...['media2', 'provisioning', 'ptz', 'receiver', 'recording', 'replay', 'search', 'thermal', 'uplink'],
];

/** What may be called: `deviceio.SetRelayOutputState`; `ptz.*` of a service whose operations are not in the table. */
export function callableOperations({ services }: CallTable): string[] {
  const known = [...services.values()].flatMap(({ name, operations }) =>
    [...operations.keys()].map((operation) => `${name}.${operation}`),
  );
  return [...known, ...OTHER_SERVICES.map((name) => `${name}.*`)];
}

const TARGET = /^([A-Za-z][A-Za-z0-9]{0,63})\.([A-Za-z_][\w-]{0,127})$/;

/** @throws UnsupportedError `operation-unreadable` where the text names no operation */
export function callTarget(text: string): CallTarget {
  const [, written, operation] = TARGET.exec(text) ?? [];
  if (written === undefined || operation === undefined) {
    throw new UnsupportedError(
      'operation-unreadable',
      `${printable(text)} names no operation: write SERVICE.OPERATION, such as deviceio.SetRelayOutputState`,
    );
  }
  const service = ALIASES.get(written.toLowerCase()) ?? written.toLowerCase();
  return { text: `${service}.${operation}`, service, operation };
}

/** What comes from outside, in a message: short, and without what steers a terminal. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 80).replace(/\p{Cc}/gu, ' '));
}

/**
 * What is wrong with an operation's name, for people; undefined where nothing is, or the service is none that the table has.
 */
export function targetDoubt({ service, operation }: CallTarget, table: CallTable): string | undefined {
  const known = table.services.get(service);
  if (known === undefined || known.operations.has(operation)) return undefined;
  const all = [...known.operations.keys()];
  const near = all.find((name) => name.startsWith(operation)) ?? closest(operation, all);
  const elsewhere = [...table.services.values()].find((other) => other.operations.has(operation));
  const hint = elsewhere !== undefined ? `${elsewhere.name}.${operation}` : near && `${service}.${near}`;
  return `the ${service} service has no operation ${operation}${hint === undefined ? '' : `; did you mean ${hint}?`}`;
}

/** A target and where a device has it. */
export interface FoundTarget {
  readonly namespace: string;
  /** The device's own text; undefined where it named no services at all: then its device service is asked. */
  readonly address: string | undefined;
  readonly prefix: string;
  readonly action: string;
  /** undefined where the table does not have it. */
  readonly known: CallOperation | undefined;
}

/**
 * Where `services` have the target. A service that is not in the table is known by its namespace
 * (`http://www.onvif.org/ver20/ptz/wsdl` is `ptz`), and its actions are the namespace and the operation's name.
 *
 * @throws UnsupportedError where the device has no such service, or the service no such operation
 */
export function findTarget(target: CallTarget, services: readonly DeviceService[], table: CallTable): FoundTarget {
  const doubt = targetDoubt(target, table);
  if (doubt !== undefined) throw new UnsupportedError('operation-unknown', doubt);
  const standard = table.services.get(target.service);
  const known = standard?.operations.get(target.operation);
  const listed = services.find(({ namespace }) =>
    standard === undefined ? serviceName(namespace) === target.service : namespace === standard.namespace,
  );
  // A device that names no services is asked at its device service, where everything else was answered.
  const unnamed = services.length === 0 || target.service === 'device';
  if (listed === undefined && !(unnamed && standard !== undefined))
    throw noSuchService(target, services, standard, table);
  const namespace = standard?.namespace ?? listed!.namespace;
  return {
    namespace,
    address: listed?.address,
    prefix: known?.prefix ?? standard?.prefix ?? 'svc',
    action: (standard?.action ?? `${namespace.replace(/\/$/, '')}/*`).replace('*', target.operation),
    known,
  };
}

/** `http://www.onvif.org/ver10/deviceIO/wsdl` → `deviceio`; ver20 of a service that has a ver10 too → `media2`. */
export function serviceName(namespace: string): string {
  const [, version, name] = /\/ver(\d)0\/(\w+)\/wsdl\/?$/i.exec(namespace) ?? [];
  if (name === undefined) return '';
  return name.toLowerCase() === 'media' && version === '2' ? 'media2' : name.toLowerCase();
}

function noSuchService(
  { service, operation }: CallTarget,
  services: readonly DeviceService[],
  standard: CallService | undefined,
  table: CallTable,
): UnsupportedError {
  const named = services.map(({ namespace }) => serviceName(namespace)).filter((name) => name !== '');
  // Core 8.6: the device service has the relays too, from before there was a device I/O service.
  const twin = named.includes('device') && table.services.get('device')?.operations.has(operation);
  const near = standard === undefined ? closest(service, [...named, ...table.services.keys()]) : undefined;
  const hint = twin ? `; try device.${operation}` : near === undefined ? '' : `; did you mean ${near}?`;
  const list = named
    .slice(0, 40)
    .join(', ')
    .replace(/\p{Cc}/gu, ' ');
  return new UnsupportedError('service-missing', `the device has no ${service} service; it has ${list}${hint}`);
}
