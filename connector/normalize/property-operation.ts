import type { MessageContent, NotificationMessage } from '../device/notification-message.ts';
import type { MessageTyping } from './message-items.ts';

const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['initialized', 'Initialized'],
  ['changed', 'Changed'],
  ['deleted', 'Deleted'],
]);

/**
 * Core 9.4.2; where the word is missing on a topic described as a property it is a change (standard.md 5.10). undefined for
 * events that are no properties; unknown words stay as sent.
 */
export function propertyOperation(message: MessageContent, typing: MessageTyping | undefined): string | undefined {
  const sent = message.propertyOperation?.trim();
  if (!sent) return typing?.isProperty ? 'Changed' : undefined;
  return OPERATIONS.get(sent.toLowerCase()) ?? sent;
}

/** How many messages tell an initial state. */
export function countInitialized(notifications: readonly NotificationMessage[]): number {
  let count = 0;
  for (const { messages } of notifications) {
    for (const message of messages) if (propertyOperation(message, undefined) === 'Initialized') count++;
  }
  return count;
}
