/** Namespaces of the messages we read and write (IEC 60839-11-31 tables 1–3, Core 5.3). */
export const NS = {
  env: 'http://www.w3.org/2003/05/soap-envelope',
  tt: 'http://www.onvif.org/ver10/schema',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  ter: 'http://www.onvif.org/ver10/error',
  tns1: 'http://www.onvif.org/ver10/topics',
  wsa: 'http://www.w3.org/2005/08/addressing',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
  wstop: 'http://docs.oasis-open.org/wsn/t-1',
  wsse: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  wsu: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  xs: 'http://www.w3.org/2001/XMLSchema',
} as const;

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';

/**
 * What well-known prefixes mean where a device forgets to declare them: `wsa:` and `wsnt:` in CreatePullPoint answers,
 * `tad:` in a Reolink GetServices answer, `ter:` and `wsrf-rw:` in faults, `tns1` in a Notify of onvif_simple_server.
 */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
  ['s', NS.env],
  ['env', NS.env],
  ['soap', NS.env],
  ['soapenv', NS.env],
  ['SOAP-ENV', NS.env],
  ['tt', NS.tt],
  ['tds', NS.tds],
  ['tev', NS.tev],
  ['ter', NS.ter],
  ['tns1', NS.tns1],
  ['wsa', NS.wsa],
  ['wsa5', NS.wsa],
  ['wsnt', NS.wsnt],
  ['wstop', NS.wstop],
  ['wsse', NS.wsse],
  ['wsu', NS.wsu],
  ['xs', NS.xs],
  ['xsd', NS.xs],
  ['xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
  ['tad', 'http://www.onvif.org/ver10/analyticsdevice/wsdl'],
  ['tan', 'http://www.onvif.org/ver20/analytics/wsdl'],
  ['tmd', 'http://www.onvif.org/ver10/deviceIO/wsdl'],
  ['tac', 'http://www.onvif.org/ver10/accesscontrol/wsdl'],
  ['tdc', 'http://www.onvif.org/ver10/doorcontrol/wsdl'],
  ['pt', 'http://www.onvif.org/ver10/pacs'],
  ['wsrf-bf', 'http://docs.oasis-open.org/wsrf/bf-2'],
  ['wsrf-r', 'http://docs.oasis-open.org/wsrf/r-2'],
  ['wsrf-rw', 'http://docs.oasis-open.org/wsrf/rw-2'],
]);

/** The namespace a prefix conventionally stands for; undefined where it has no convention. */
export function wellKnownNamespace(prefix: string): string | undefined {
  return WELL_KNOWN.get(prefix);
}
