import { NS } from './namespaces.ts';
import type { SoapOperation } from './soap-envelope.ts';

/** Device management: the action is the namespace and the name (standard.md 3.1). */
function management(name: string, content: SoapOperation['body'] = {}): SoapOperation {
  return { name, action: `${NS.tds}/${name}`, body: { [`tds:${name}`]: content } };
}

/** Event service: the action names the port type and ends in Request (Core 9, standard.md 5.2). */
function event(name: string): SoapOperation {
  return { name, action: `${NS.tev}/EventPortType/${name}Request`, body: { [`tev:${name}`]: {} } };
}

/** Core 8.3.6; needs no login. */
export const getSystemDateAndTime = management('GetSystemDateAndTime');
/** Core 8.1.2.2; needs no login. */
export const getServices = management('GetServices', { 'tds:IncludeCapability': 'true' });
/** Core 8.1.2.4, for devices that have no GetServices. */
export const getCapabilities = management('GetCapabilities', { 'tds:Category': 'All' });
/** Core 8.3.1 */
export const getDeviceInformation = management('GetDeviceInformation');
/** Core 9.8 */
export const getEventServiceCapabilities: SoapOperation = event('GetServiceCapabilities');
/** Core 9.7 */
export const getEventProperties: SoapOperation = event('GetEventProperties');
