import { deviceServiceUrl } from '../device/device-address.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { NS } from '../device/namespaces.ts';
import { envelopeTemplate, type SoapOperation } from '../device/soap-envelope.ts';
import type { Items } from '../normalize/record.ts';
import { callAnswer } from './call-answer.ts';
import { callRequest, type Json } from './call-request.ts';
import type { CallTable } from './call-table.ts';
import { callTarget, findTarget } from './call-target.ts';

export interface CallOptions {
  readonly session: DeviceSession;
  /** The device's address as the user wrote it. */
  readonly address: string;
  readonly table: CallTable;
  /** `deviceio.SetRelayOutputState` */
  readonly operation: string;
  readonly args: Json;
  readonly signal: AbortSignal;
}

/**
 * Any operation of a service of the device, JSON in, JSON out. Services are where GetServices says, on no other host than
 * the user named. Nothing is sent where the operation or its arguments cannot be meant.
 *
 * @throws UnsupportedError (no such service or operation), AdaptRequestError `arguments-invalid`; the errors of
 *   SoapClient.request: a fault has its reason in the message and its codes in `facts.fault`
 */
export async function callOperation({ session, address, table, operation, args, signal }: CallOptions): Promise<Items> {
  const target = callTarget(operation);
  const found = findTarget(target, session.profile.services, table);
  const body = callRequest(target.operation, args, found, table) as SoapOperation['body'];
  const request = { name: target.operation, action: found.action, body };
  const events = found.namespace === NS.tev;
  // Core 9: the event service is addressed, the others do without.
  const envelope = envelopeTemplate(request, events ? { to: session.eventServiceAddress } : undefined);
  const { soap, controlChannel: channel, requestTimeoutMs: timeoutMs } = session;
  const url = events ? session.eventService : serviceUrl(session, address, found.address);
  const { response } = await soap.request({ operation: request, envelope, url, channel, timeoutMs, signal });
  return callAnswer(response, found.known?.answer ?? [], table);
}

function serviceUrl(session: DeviceSession, address: string, service: string | undefined): URL {
  return service === undefined || service === '' ? deviceServiceUrl(address) : session.reachable(service);
}
