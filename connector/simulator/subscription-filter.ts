import { readContentFilter } from './content-filter.ts';
import type { EventFaults } from './event-faults.ts';
import { DIALECT, NS } from './namespaces.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import { attributeOf, type RequestElement } from './soap-request.ts';
import { branchMatches, readTopicExpression, type TopicBranch } from './topic-filter.ts';
import { ownTopicLevels } from './topic-path.ts';

export interface FilterContext {
  readonly faults: EventFaults;
  /** Levels of each topic the device knows. */
  readonly topics: readonly (readonly string[])[];
  /** One branch without a topic faults the whole expression; else only an expression none of whose branches has one. */
  readonly everyBranchMustMatch: boolean;
  readonly violation: (rule: string, detail: string) => void;
}

export type SubscriptionFilter = (event: SimulatedEvent) => boolean;

/** WS-BaseNotification 1.3, 4.2: every child of Filter must hold (they are ANDed). Throws the faults of Core 9.9. */
export function subscriptionFilter(filter: RequestElement | undefined, context: FilterContext): SubscriptionFilter {
  const parts: SubscriptionFilter[] = [];
  for (const child of filter?.children ?? []) {
    const { uri, local } = child;
    if (uri === NS.wsnt && local === 'TopicExpression') parts.push(topicPart(child, context));
    else if (uri === NS.wsnt && local === 'MessageContent') parts.push(contentPart(child, context));
    else if (uri === NS.wsnt && local === 'ProducerProperties') throw context.faults.invalidProducerProperties();
    else throw context.faults.invalidFilter(uri, local);
  }
  return (event) => parts.every((part) => part(event));
}

function topicPart(element: RequestElement, context: FilterContext): SubscriptionFilter {
  const dialect = attributeOf(element, 'Dialect')?.trim() ?? '';
  const read = readTopicExpression(element.text, dialect, element.namespaces);
  if ('fault' in read) {
    if (read.fault === 'dialect') throw context.faults.dialectUnknown();
    if (typeof read.fault === 'object') {
      context.violation(
        'filter-prefix',
        `Prefix "${read.fault.undeclaredPrefix}" of the topic expression is not declared`,
      );
    }
    throw context.faults.invalidTopicExpression();
  }
  const supported = (branch: TopicBranch) => context.topics.some((levels) => branchMatches(branch, levels));
  if (!(context.everyBranchMustMatch ? read.every(supported) : read.some(supported))) {
    throw context.faults.topicNotSupported();
  }
  return (event) => {
    const levels = ownTopicLevels(event.topic);
    return read.some((branch) => branchMatches(branch, levels));
  };
}

function contentPart(element: RequestElement, context: FilterContext): SubscriptionFilter {
  if (attributeOf(element, 'Dialect')?.trim() !== DIALECT.itemFilter) {
    throw context.faults.invalidFilter(NS.wsnt, 'MessageContent');
  }
  const read = readContentFilter(element.text, element.namespaces);
  if (typeof read === 'function') return read;
  if (typeof read.fault === 'object') {
    context.violation(
      'filter-prefix',
      `Prefix "${read.fault.undeclaredPrefix}" of the content filter is not bound to ${NS.tt}`,
    );
  }
  throw context.faults.invalidContentExpression();
}
