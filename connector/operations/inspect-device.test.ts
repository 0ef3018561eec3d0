import { describe, expect, it } from 'vitest';
import { deviceAt, knowledge } from '../../test/support/device-rig.ts';
import { RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import { type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { type DeviceReport, inspectDevice, reportText } from './inspect-device.ts';

async function inspected(options: SimulatorOptions = {}, login = {}): Promise<DeviceReport> {
  const simulator = await startSimulator(options);
  try {
    const { address } = simulator.devices[0]!;
    return await inspectDevice(deviceAt(address, login), knowledge.namespaces, new AbortController().signal);
  } finally {
    await simulator.close();
  }
}

describe('inspect', () => {
  it('tells identity, services and topics with the types of their items', async () => {
    const report = await inspected();
    expect(report.identity).toMatchObject({ model: 'Simulated Door Controller' });
    expect(report.services.map(({ namespace }) => namespace)).toContain('http://www.onvif.org/ver10/events/wsdl');
    expect(report.events).toMatchObject({ maxPullPoints: 10, persistentNotificationStorage: false });
    expect(report.missing).toEqual([]);
    expect(report.topics?.find(({ topic }) => topic === 'tns1:Monitoring/LinkStatus')).toEqual({
      ...{ topic: 'tns1:Monitoring/LinkStatus', property: true, source: { Token: 'ReferenceToken' }, key: {} },
      data: { Link: '<NetworkInterfaceConnectionSetting>' },
    });
    const names = report.topics!.map(({ topic }) => topic);
    expect(names).toEqual([...names].sort());
  });

  it('reads well', async () => {
    const text = reportText(await inspected());
    expect(text).toMatch(/^front-door {2}http:\/\/127\.0\.0\.1:\d+\/sim-1\/onvif\/device_service\n/);
    expect(text).toContain('  model            Simulated Door Controller\n');
    expect(text).toContain('  clock            agrees with ours\n');
    expect(text).toContain('  pull points      10; stores no events\n');
    expect(text).toMatch(/\ntopics \(\d+\)\n/);
    expect(text).toContain(
      [
        '  tns1:Device/Trigger/DigitalInput  (property)',
        '      source  InputToken: ReferenceToken',
        '      data    LogicalState: boolean',
        '  tns1:Device/Trigger/Relay  (property)',
      ].join('\n'),
    );
  });

  it('says how far the clock is off', async () => {
    expect(reportText(await inspected({ quirks: ['clock-skew=-7200'] }))).toMatch(/clock +7\d\d\d\.\d s behind ours\n/);
    expect(reportText(await inspected({ quirks: ['clock-skew=90'] }))).toMatch(/clock +(89|90)\.\d s ahead of ours\n/);
  });

  it('leaves no subscription behind', async () => {
    const simulator = await startSimulator();
    const { address } = simulator.devices[0]!;
    await inspectDevice(deviceAt(address), knowledge.namespaces, new AbortController().signal);
    expect(simulator.devices[0]!.ledger.subscriptions).toEqual([]);
    await simulator.close();
  });

  it('ends with the reason where the device is not there or refuses the login', async () => {
    const nobody = inspectDevice(deviceAt('127.0.0.1:1'), knowledge.namespaces, new AbortController().signal);
    await expect(nobody).rejects.toBeInstanceOf(RetrySlowlyError);
    const credentials = { username: 'x', password: { reveal: () => 'wrong' } };
    await expect(inspected({ username: 'x', password: 'y' }, { credentials })).rejects.toBeInstanceOf(
      UnauthorizedError,
    );
  });
});

describe('the text of a report', () => {
  const bare: DeviceReport = {
    ...{ device: 'd', address: 'a', identity: null, clockSkewSeconds: 0, services: [], topics: null },
    events: { maxPullPoints: null, maxNotificationProducers: null, persistentNotificationStorage: true },
    missing: ['GetEventProperties: refused'],
  };

  it('says what is not known, and why', () => {
    const text = reportText(bare);
    expect(text).toContain('  pull points      not said; stores events (Seek)\n');
    expect(text).toContain('topics: the device does not describe them (pulling works without)\n');
    expect(text).toContain('! GetEventProperties: refused\n');
  });

  it('holds nothing that would steer a terminal', () => {
    const identity = { model: 'X\u001b]0;owned\u0007\u009b2J', serial: 'a\r\nb' };
    const text = reportText({ ...bare, identity });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(text).toContain('serial           a  b\n');
  });
});
