import type { Mapping } from '../../connector/mapping/mapping.ts';
import { recordsOf, TOPICS } from './catalogue-records.ts';

interface Ecs {
  readonly event: { readonly action: string; readonly category?: readonly string[] };
}
interface Ocsf {
  readonly class_uid: number;
  readonly activity_name: string;
  readonly activity_id: number;
}

/** The table of docs/siem.md: what the two mappings make of each standard topic, in the order of the alphabet. */
export function siemTable(ecs: Mapping, ocsf: Mapping): readonly string[] {
  const standard = [...TOPICS].filter(([topic]) => !topic.includes('acme:'));
  return standard
    .map(([topic, described]): string => {
      const entries = recordsOf(topic, described).filter(({ record }) => {
        if (record.kind !== 'notification' || record.provenance !== 'live' || record.propertyOperation === 'Deleted')
          return false;
        return described.data.length === 0 || Object.keys(record.data).length > 0;
      });
      const made = <T>(mapping: Mapping) => entries.flatMap(mapping.map).map(({ payload }) => JSON.parse(payload) as T);
      const documents = made<Ecs>(ecs);
      const actions = documents.map(({ event }) => `\`${event.action}\``);
      const categories = documents.flatMap(({ event }) => event.category ?? []);
      const classes = made<Ocsf>(ocsf).map(classText);
      return `| \`${topic.replace('tns1:', '')}\` | ${[actions, categories, classes].map(listText).join(' | ')} |`;
    })
    .sort();
}

function classText({ class_uid, activity_id, activity_name }: Ocsf): string {
  return class_uid === 0 ? '0' : `${class_uid} ${activity_id === 99 ? 'Other' : activity_name}`;
}

function listText(texts: readonly string[]): string {
  return [...new Set(texts)].join(', ') || '-';
}
