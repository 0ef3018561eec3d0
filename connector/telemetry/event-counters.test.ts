import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type CountedRecord, eventCounters } from './event-counters.ts';
import { MOST_TOKENS } from './state-gauges.ts';

function counting() {
  const registry = new Registry();
  const counters = eventCounters(registry);
  return {
    ...counters,
    async series() {
      return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    },
  };
}

const event = (topic: string, source: CountedRecord['source'], data: CountedRecord['data'] = {}): CountedRecord => ({
  ...{ device: 'gate', topic: `tns1:${topic}`, source, data },
});
const denied = (Reason?: string, AccessPointToken = 'AP1') =>
  event(
    'AccessControl/Denied/Credential',
    { AccessPointToken },
    { CredentialHolderName: 'Ada', ...(Reason && { Reason }) },
  );
const alarm = (State: string, more: Partial<CountedRecord> = {}): CountedRecord => ({
  ...event('Door/State/DoorAlarm', { DoorToken: 'D1' }, { State }),
  ...{ propertyOperation: 'Changed', changed: true, ...more },
});

describe('counters of events', () => {
  it('count by access point, whoever it was', async () => {
    const { take, series } = counting();
    for (const way of ['Anonymous', 'Credential', 'Identifier', 'Credential'])
      take(event(`AccessControl/AccessGranted/${way}`, { AccessPointToken: 'AP1' }, { CredentialHolderName: 'Ada' }));
    expect(await series()).toEqual(['onvif_access_granted_total{device="gate",token="AP1"} 4']);
  });

  it('know the reasons of the standard, and Other', async () => {
    const { take, series } = counting();
    for (const reason of ['InvalidPIN', 'InvalidPIN', 'Because Ada said so', undefined]) take(denied(reason));
    take(event('AccessControl/Denied/CredentialNotFound', { AccessPointToken: 'AP1' }, { IdentifierValue: 'FF' }));
    expect(await series()).toEqual([
      'onvif_access_denied_total{device="gate",token="AP1",reason="InvalidPIN"} 2',
      'onvif_access_denied_total{device="gate",token="AP1",reason="Other"} 2',
      'onvif_access_denied_total{device="gate",token="AP1",reason="CredentialNotFound"} 1',
    ]);
  });

  it('count alarms of a door, not what is told again, and begin at 0', async () => {
    const { take, begin, series } = counting();
    begin(alarm('DoorForcedOpen'));
    const none = [
      'onvif_door_alarms_total{device="gate",token="D1",alarm="DoorForcedOpen"} 0',
      'onvif_door_alarms_total{device="gate",token="D1",alarm="DoorOpenTooLong"} 0',
    ];
    expect(await series()).toEqual(none);
    take(alarm('Normal'));
    take(alarm('DoorForcedOpen', { changed: false }));
    take(alarm('DoorForcedOpen', { propertyOperation: 'Deleted' }));
    expect(await series()).toEqual(none);
    take(alarm('DoorForcedOpen'));
    expect(await series()).toEqual([none[0]!.replace(/0$/, '1'), none[1]]);
  });

  it('have no more tokens than are shown: the others are summed up', async () => {
    const { take, series } = counting();
    for (let number = 0; number < MOST_TOKENS + 3; number++)
      take(event('AccessControl/AccessTaken/Anonymous', { AccessPointToken: `AP${number}` }));
    const lines = await series();
    expect(lines).toHaveLength(MOST_TOKENS + 1);
    expect(lines).toContain('onvif_access_taken_total{device="gate",token="other"} 3');
  });

  it('take nothing of what is not counted', async () => {
    const { take, series } = counting();
    take(event('AccessControl/Duress', { AccessPointToken: 'AP1' }));
    take(event('Device/Trigger/DigitalInput', { InputToken: 'I1' }, { LogicalState: true }));
    expect(await series()).toEqual([]);
  });

  it('cost less than a microsecond where a topic has none', () => {
    const { take } = counting();
    const record = event('RuleEngine/CellMotionDetector/Motion', { Rule: 'yard' }, { IsMotion: true });
    for (let n = 0; n < 10_000; n++) take(record);
    const began = process.cpuUsage();
    for (let n = 0; n < 200_000; n++) take(record);
    const { user } = process.cpuUsage(began);
    expect(user / 200_000).toBeLessThan(1);
  });
});
