import { expect } from 'vitest';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import { notificationsIn } from './device-rig.ts';
import { CABINET, GRANTED, INPUT, live, type QuirkCase, requests } from './quirk-case.ts';
import { gapsOf } from './watched-device.ts';

const isDeleted = ({ propertyOperation }: NotificationRecord) => propertyOperation === 'Deleted';
const inputStates = (records: readonly EventRecord[]) =>
  [...new Set(notificationsIn(records, INPUT).map(({ data }) => data.LogicalState))].sort().reverse();

const short = true;
const otherWords = true;

/** Rows about messages and the XML around them. */
export const MESSAGE_CASES: readonly QuirkCase[] = [
  { row: '12', quirks: ['invalid-utf8'], short },
  {
    row: '12',
    quirks: ['malformed-answers'],
    ...{ short, otherWords },
    check: ({ records }) => expect(gapsOf(records)).toContain('undecodable'),
  },
  {
    row: '12',
    quirks: ['html-answers'],
    ...{ short, anew: true, stays: true },
    check: ({ records }) => expect(live(records).length).toBeGreaterThan(3),
  },
  { row: '13', quirks: ['dialect-holds-xmlns'], short },
  { row: '13', quirks: ['attributes-reordered'], short },
  { row: '14', quirks: ['padded-topics'], short },
  { row: '14', quirks: ['attributes-on-lines'], short },
  { row: '14', quirks: ['nested-source'], short },
  { row: '14', quirks: ['fault-in-element-item'], short },
  { row: '35', quirks: ['placeholder-notification'], short },
  {
    row: '37',
    quirks: ['no-initialized'],
    short,
    check({ device, records }) {
      expect(requests(device, 'SetSynchronizationPoint')).toBe(1);
      expect(notificationsIn(records, INPUT)[0]).toMatchObject({ propertyOperation: 'Initialized' });
    },
  },
  {
    row: '37',
    quirks: ['sync-point-faults', 'no-initialized'],
    short,
    check: ({ lines }) => expect(lines.join('\n')).toContain('SetSynchronizationPoint failed'),
  },
  {
    row: '37',
    quirks: ['never-initialized'],
    ...{ short, otherWords },
    // It is asked for them once, and not again and again.
    check: ({ device }) => expect(requests(device, 'SetSynchronizationPoint')).toBe(1),
  },
  {
    row: '37',
    quirks: ['initialized-1970'],
    ...{ short, otherWords },
    // By arrival and by comparison, not by the time that is told.
    check: ({ records }) => expect(notificationsIn(records, CABINET).map(({ changed }) => changed)).toContain(true),
  },
  { row: '37', quirks: ['initialized-for-changes'], ...{ short, otherWords } },
  { row: '37', quirks: ['initialized-every-pull'], ...{ short, otherWords } },
  { row: '38', quirks: ['no-property-operation'], ...{ short, otherWords } },
  { row: '38', quirks: ['no-false'], ...{ short, otherWords } },
  { row: '38', quirks: ['no-deleted'], ...{ short, otherWords } },
  {
    row: '38',
    quirks: ['deleted-without-data'],
    short,
    check: ({ records }) => expect(notificationsIn(records, CABINET).filter(isDeleted)).toMatchObject([{ data: {} }]),
  },
  {
    row: '39',
    quirks: ['upper-case-booleans'],
    short,
    check: ({ records }) => expect(inputStates(records)).toEqual([true, false]),
  },
  {
    row: '39',
    quirks: ['booleans-as-numbers'],
    short,
    check: ({ records }) => expect(inputStates(records)).toEqual([true, false]),
  },
  { row: '39', quirks: ['booleans-as-words'], short },
  { row: '40', quirks: ['utc-time-without-zone'], ...{ short, otherWords } },
  { row: '40', quirks: ['utc-time-microseconds'], ...{ short, otherWords } },
  { row: '40', quirks: ['utc-time-garbage'], ...{ short, otherWords } },
  { row: '41', quirks: ['us-date-values'], short },
  { row: '41', quirks: ['empty-values'], short },
  { row: '42', quirks: ['data-missing'], short },
  { row: '42', quirks: ['source-missing'], ...{ short, otherWords } },
  { row: '42', quirks: ['empty-message'], ...{ short, otherWords } },
  { row: '42', quirks: ['duplicate-items'], short },
  { row: '43', quirks: ['prefix-every-level'], short },
  { row: '43', quirks: ['nested-root-topics'], ...{ short, otherWords } },
  { row: '43', quirks: ['topics-end-in-dots'], ...{ short, otherWords } },
  { row: '43', quirks: ['several-messages'], short },
  {
    row: '44',
    quirks: ['bare-topic-set'],
    short,
    check: ({ records }) => expect(inputStates(records)).toEqual([true, false]),
  },
  { row: '44', quirks: ['repeated-topic-roots'], short },
  { row: '44', quirks: ['topic-flag-everywhere'], short },
  { row: '44', quirks: ['undescribed-topics'], short },
  { row: '46', quirks: ['initial-burst'], short },
  { row: '46', quirks: ['single-message-pulls'], short },
  {
    row: '46',
    quirks: ['log-flood'],
    ...{ short, otherWords },
    check: ({ records }) => expect(notificationsIn(records, GRANTED).length).toBeGreaterThan(3),
  },
];
