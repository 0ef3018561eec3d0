import type { Exchange, Operation } from './exchange.ts';
import { NS } from './namespaces.ts';
import { HttpRefusal, senderFault } from './soap-fault.ts';

/** The prefixes everybody uses (Core 5.3). */
const CUSTOMARY: Readonly<Record<string, string>> = {
  [NS.tds]: 'tds',
  [NS.tev]: 'tev',
  [NS.wsnt]: 'wsnt',
  [NS.tmd]: 'tmd',
};
const PAGE = '<html><head><title>Camera</title></head><body>Please log in</body></html>';

/** What odd devices ask of a request's form; all of it quirks. `number` counts the requests to the event services. */
export function demandForm(exchange: Exchange, operation: Operation, xml: string, number: number): void {
  const { device, request } = exchange;
  const { quirks } = device.options;
  const addressed = request.headers.some(({ uri, local }) => uri === NS.wsa && local === 'Action');
  if (quirks.has('chokes-on-addressing') && request.headers.some(({ uri }) => uri === NS.wsa)) {
    throw new HttpRefusal(400, 'WS-Addressing is not understood');
  }
  if (operation.atSubscription && !addressed && quirks.has('needs-addressing')) throw device.faults.resourceUnknown();
  if (operation.addressed && !addressed && quirks.has('needs-addressing-401')) {
    throw new HttpRefusal(401, 'WS-Addressing is missing');
  }
  const { uri, local } = request.operation;
  const prefix = CUSTOMARY[uri];
  if (quirks.has('prefixes-demanded') && prefix && !new RegExp(`<${prefix}:${local}[\\s/>]`).test(xml)) {
    throw senderFault('UnknownAction', `${prefix}:${local} was expected`);
  }
  const every = quirks.value('html-answers');
  if (every !== null && operation.addressed && number % every === 0) throw new HttpRefusal(200, 'A page', {}, PAGE);
}
