import type { Exchange, Operation } from './exchange.ts';
import { NS } from './namespaces.ts';
import { SoapFault } from './soap-fault.ts';
import { attributeOf, type RequestElement } from './soap-request.ts';
import { addressedSubscription } from './subscription-address.ts';

/** The newest MessageIDs of each device, to notice one that comes twice. */
export type MessageIds = Set<string>;

const KEPT_IDS = 5_000;

/**
 * What a device may expect of a client and most never check. Faults only where the standard does: a header block marked
 * mustUnderstand that the device does not know (SOAP 1.2 part 1, 5.2.3). Everything else is a violation and goes on.
 */
export function checkClient(exchange: Exchange, operation: Operation, ids: MessageIds): void {
  const { headers } = exchange.request;
  for (const header of headers) checkUnderstood(header);
  const action = headerText(headers, 'Action');
  const expected = operation.action;
  const { quirks } = exchange.device.options;
  // Such a device must not be sent any.
  const wanted = operation.addressed && !quirks.has('chokes-on-addressing');
  if (action === undefined && wanted) exchange.violation('action', 'No wsa:Action');
  if (action !== undefined && action !== expected) {
    exchange.violation('action', `wsa:Action is "${action}", the operation's is "${expected}"`);
  }
  const media = mediaTypeAction(exchange.headers['content-type']);
  if (media !== undefined && media !== (action ?? expected)) {
    exchange.violation('media-type-action', `The media type says "${media}", not "${action ?? expected}"`);
  }
  if (!wanted) return;
  checkMessageId(exchange, ids);
  if (operation.atSubscription) checkSubscriptionAddressing(exchange);
  else if (headerText(headers, 'To') === undefined) exchange.violation('to', 'No wsa:To');
}

function checkUnderstood(header: RequestElement): void {
  const must = attributeOf(header, 'mustUnderstand', NS.env);
  if (must !== 'true' && must !== '1') return;
  if (header.uri === NS.wsa || header.uri === NS.wsse) return;
  throw new SoapFault({ code: 'MustUnderstand', reason: `Header ${header.local} is not understood`, status: 500 });
}

/** WS-Addressing 1.0: a fresh MessageID on every request that expects an answer. */
function checkMessageId(exchange: Exchange, ids: MessageIds): void {
  const id = headerText(exchange.request.headers, 'MessageID');
  if (!id) return exchange.violation('message-id', 'No wsa:MessageID');
  if (ids.has(id)) exchange.violation('message-id', `wsa:MessageID ${id} was used before`);
  ids.add(id);
  if (ids.size > KEPT_IDS) ids.delete(ids.values().next().value as string);
}

/** WS-Addressing 1.0 SOAP binding: To is the Address letter by letter, reference parameters come back whole. */
function checkSubscriptionAddressing(exchange: Exchange): void {
  const { device, request } = exchange;
  const { quirks } = device.options;
  const given = addressedSubscription(exchange)?.address;
  const to = request.headers.find(({ uri, local }) => uri === NS.wsa && local === 'To')?.text;
  if (to === undefined) exchange.violation('to', 'No wsa:To');
  else if (given && to !== given) exchange.violation('to', `wsa:To is "${to}", the Address given was "${given}"`);
  if (!quirks.has('id-in-reference-parameters')) return;
  const echoed = request.headers.find(({ uri, local }) => uri === NS.simulator && local === 'SubscriptionId');
  if (!echoed) return exchange.violation('reference-parameters', 'SubscriptionId is not echoed');
  if (!['true', '1'].includes(attributeOf(echoed, 'IsReferenceParameter', NS.wsa) ?? '')) {
    exchange.violation('reference-parameters', 'The echoed SubscriptionId lacks wsa:IsReferenceParameter="true"');
  }
  if (attributeOf(echoed, 'form', NS.simulator) !== 'opaque') {
    exchange.violation('reference-parameters', 'The echoed SubscriptionId lost its attribute');
  }
}

function headerText(headers: readonly RequestElement[], local: string): string | undefined {
  return headers.find((header) => header.uri === NS.wsa && header.local === local)?.text.trim();
}

/** RFC 3902: the action parameter of application/soap+xml. */
function mediaTypeAction(contentType: string | undefined): string | undefined {
  const found = /;\s*action\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(contentType ?? '');
  return found ? (found[1] ?? found[2]) : undefined;
}
