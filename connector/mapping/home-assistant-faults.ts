import { closest } from '../did-you-mean.ts';
import type { HomeAssistantOptions, TopicRule } from './home-assistant-options.ts';
import type { Located } from './mapping-format.ts';

/** What a schema cannot see: names in one part of the file that another part lacks. Each with its line. */
export function homeAssistantFaults({ topics, events }: HomeAssistantOptions, located: Located): string[] {
  return Object.entries(topics).flatMap(([name, rule]) => [
    ...purposeFaults(name, rule, located),
    ...memberFaults(name, rule, located),
    ...eventFaults(name, rule, events, located),
  ]);
}

function purposeFaults(name: string, { state, event, omit, entities }: TopicRule, located: Located): string[] {
  const faults: string[] = [];
  const path = ['topics', name];
  if (state === undefined && event === undefined && !omit)
    faults.push(located(path, `'topics.${name}' needs state, event or omit`));
  if (entities !== undefined && state === undefined)
    faults.push(located([...path, 'entities'], `'topics.${name}' has entities, which need a state to show`));
  if (name.startsWith('tns1:')) faults.push(located(path, `'topics.${name}': write the topic without tns1:`));
  return faults;
}

function memberFaults(name: string, { state = {}, entities = [] }: TopicRule, located: Located): string[] {
  const members = Object.keys(state);
  const ids = entities.map(({ id }) => id);
  return entities.flatMap(({ value, attributes = {}, id }, index) => {
    const path = ['topics', name, 'entities', index];
    const missing = [value, ...Object.values(attributes)].filter((member) => !members.includes(member));
    const faults = missing.map((member) =>
      located(path, `'topics.${name}' has no member '${member}'${meant(member, members)}`),
    );
    if (ids.indexOf(id) !== index) faults.push(located(path, `'topics.${name}': its entities need different ids`));
    return faults;
  });
}

function eventFaults(
  name: string,
  { event, announces = [] }: TopicRule,
  events: HomeAssistantOptions['events'],
  located: Located,
): string[] {
  const known = Object.keys(events);
  const faults = announces
    .filter((entity) => !Object.hasOwn(events, entity))
    .map((entity) => located(['topics', name, 'announces'], `events has no '${entity}'${meant(entity, known)}`));
  if (event === undefined) return faults;
  const path = ['topics', name, 'event'];
  if (!Object.hasOwn(events, event.entity))
    return [...faults, located(path, `events has no '${event.entity}'${meant(event.entity, known)}`)];
  const types = events[event.entity]!.event_types;
  if (types.includes(event.type)) return faults;
  return [
    ...faults,
    located(path, `'events.${event.entity}' has no event type '${event.type}'${meant(event.type, types)}`),
  ];
}

function meant(word: string, names: readonly string[]): string {
  const close = closest(word, names);
  return close === undefined ? `; known are ${names.join(', ') || 'none'}` : `; did you mean '${close}'?`;
}
