/** Core 5.3 (IEC tables 1-3): the namespaces a device speaks. Kept apart from the client's so that the two can disagree. */
export const NS = {
  env: 'http://www.w3.org/2003/05/soap-envelope',
  xml: 'http://www.w3.org/XML/1998/namespace',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  xsd: 'http://www.w3.org/2001/XMLSchema',
  wsa: 'http://www.w3.org/2005/08/addressing',
  /** Of WS-Discovery, and of devices that mix the two up. */
  wsa2004: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  wsse: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  wsu: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  wsrfBf: 'http://docs.oasis-open.org/wsrf/bf-2',
  wsrfR: 'http://docs.oasis-open.org/wsrf/r-2',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
  wsntw: 'http://docs.oasis-open.org/wsn/bw-2',
  wstop: 'http://docs.oasis-open.org/wsn/t-1',
  tt: 'http://www.onvif.org/ver10/schema',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tmd: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  ter: 'http://www.onvif.org/ver10/error',
  tns1: 'http://www.onvif.org/ver10/topics',
  pt: 'http://www.onvif.org/ver10/pacs',
  tdc: 'http://www.onvif.org/ver10/doorcontrol/wsdl',
  /** The vendor topics of the simulated devices. */
  vendor: 'http://www.example.com/2026/simulator/topics',
  /** Reference parameters of the simulated devices. */
  simulator: 'http://www.example.com/2026/simulator',
} as const;

/** Prefixes a topic of the simulator is written with; `acme` is declared where it is used, not on the Envelope. */
export const TOPIC_PREFIXES: Readonly<Record<string, string>> = { tns1: NS.tns1, acme: NS.vendor };

/** Core 9.6.3, 9.4.4 and WS-Topics 1.3: the dialects of filters and topics. */
export const DIALECT = {
  concrete: 'http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete',
  concreteSet: 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet',
  itemFilter: 'http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter',
} as const;

/** Action of every event fault (Core 9.9). */
export const FAULT_ACTION = 'http://www.w3.org/2005/08/addressing/soap/fault';
