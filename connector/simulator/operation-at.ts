import { DEVICE_SERVICE } from './device-service.ts';
import { DEVICE_IO_SERVICE } from './deviceio-service.ts';
import { EVENT_SERVICE } from './event-service.ts';
import { type Exchange, nameOf, type Operation, type OperationTable } from './exchange.ts';
import { HttpRefusal, receiverFault } from './soap-fault.ts';
import { atEventService, MANAGER_PATH, SHARED_PATH } from './subscription-address.ts';
import { NOTIFICATION_MANAGER, SUBSCRIPTION_MANAGER } from './subscription-manager.ts';

const SERVICES: Readonly<Record<string, OperationTable>> = {
  '/onvif/device_service': DEVICE_SERVICE,
  '/onvif/event_service': EVENT_SERVICE,
  '/onvif/deviceio_service': DEVICE_IO_SERVICE,
  [MANAGER_PATH['pull-point']]: SUBSCRIPTION_MANAGER,
  [MANAGER_PATH['base-notification']]: NOTIFICATION_MANAGER,
  [SHARED_PATH]: SUBSCRIPTION_MANAGER,
};
const MANAGERS: readonly OperationTable[] = [SUBSCRIPTION_MANAGER, NOTIFICATION_MANAGER];

/**
 * Core 5.1.2: an operation a service does not have is env:Receiver/ter:ActionNotSupported. `manager`: the request came
 * to the subscription manager's own port. Throws HttpRefusal 404 where there is no service.
 */
export function operationAt(exchange: Exchange, manager: boolean): Operation {
  const { path, device, request } = exchange;
  const { quirks } = device.options;
  const table = Object.hasOwn(SERVICES, path) ? SERVICES[path] : undefined;
  const elsewhere =
    quirks.has('manager-on-other-port') && manager !== (table !== undefined && MANAGERS.includes(table));
  if (!table || elsewhere || (path === SHARED_PATH && !quirks.has('shared-address')))
    throw new HttpRefusal(404, 'No service here');
  const name = nameOf(request.operation);
  const operation = table.get(name);
  if (operation) return operation;
  const found = Object.values(SERVICES)
    .find((service) => service.has(name))
    ?.get(name);
  // Without an address of its own the subscription is found at the event service.
  if (found?.atSubscription && path === '/onvif/event_service' && atEventService(device)) return found;
  if (found) exchange.violation('endpoint', `${request.operation.local} was sent to ${path}`);
  throw receiverFault('ActionNotSupported', `${request.operation.local} is not supported here`);
}
