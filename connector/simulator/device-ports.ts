import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeviceServer } from './device-server.ts';
import { type DeviceTls, type SoapListener, soapListener } from './soap-listener.ts';

export interface PortOptions {
  readonly host: string;
  /** With `portPerDevice` the first of consecutive ones; 0: any free ones. */
  readonly port: number;
  readonly portPerDevice: boolean;
  /** The devices speak HTTPS; the control API never does. */
  readonly tls: DeviceTls | undefined;
  readonly servers: readonly DeviceServer[];
  readonly control: (request: IncomingMessage, response: ServerResponse, url: URL) => void;
}

export interface DevicePorts {
  readonly controlUrl: string;
  /** Shuts and opens what belongs to one device alone. */
  readonly refuse: ReadonlyMap<string, (refuse: boolean) => void>;
  close(): Promise<void>;
}

/** Opens the ports and gives the devices their addresses. Throws FatalError where one is taken. */
export async function openPorts(options: PortOptions): Promise<DevicePorts> {
  const { host, port, portPerDevice, servers, tls } = options;
  const scheme = tls ? 'https' : 'http';
  const secured = tls ? { tls } : {};
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  let connections = 0;
  const common = { host, control: options.control, nextConnection: () => ++connections };
  const listeners: SoapListener[] = [];
  const own = new Map<string, SoapListener[]>();
  const open = async (wanted: Omit<Parameters<typeof soapListener>[0], keyof typeof common>, device?: string) => {
    const listener = await soapListener({ ...common, ...wanted });
    listeners.push(listener);
    if (device !== undefined) own.set(device, [...(own.get(device) ?? []), listener]);
    return listener;
  };
  const alone = (server: DeviceServer) => (path: string) => ({ server, path, prefix: '' });
  try {
    // Apart from the devices, so that it answers while they do not.
    const control = portPerDevice || tls ? await open({ port: 0, route: () => undefined }) : null;
    const shared = portPerDevice ? null : await open({ port, route: routeById(servers), ...secured });
    for (const [index, server] of servers.entries()) {
      const { device } = server;
      const wanted = { port: port === 0 ? 0 : port + index, route: alone(server), ...secured };
      const listener = shared ?? (await open(wanted, device.id));
      device.address = `${scheme}://${reachable}:${listener.port}${shared ? `/${device.id}` : ''}/onvif/device_service`;
      if (!device.options.quirks.has('manager-on-other-port')) continue;
      const manager = await open({ port: 0, route: alone(server), manager: true, ...secured }, device.id);
      device.managerBase = `${scheme}://${reachable}:${manager.port}`;
    }
    return {
      controlUrl: `http://${reachable}:${(control ?? shared)?.port}/control/`,
      refuse: new Map([...own].map(([id, each]) => [id, (refuse) => switchAll(each, refuse)])),
      close: async () => void (await Promise.all(listeners.map((listener) => listener.close()))),
    };
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
}

function switchAll(listeners: readonly SoapListener[], refuse: boolean): void {
  for (const listener of listeners) {
    if (refuse) listener.pause();
    else listener.resume();
  }
}

function routeById(servers: readonly DeviceServer[]) {
  const byId = new Map(servers.map((server) => [server.device.id, server]));
  return (path: string) => {
    const cut = path.indexOf('/', 1);
    const server = cut < 0 ? undefined : byId.get(path.slice(1, cut));
    return server && { server, path: path.slice(cut), prefix: path.slice(0, cut) };
  };
}
