import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { homeAssistantView } from '../support/home-assistant-rules.ts';
import { type HomeAssistantWorld, homeAssistantWorld } from '../support/home-assistant-world.ts';
import { mosquittoAvailable } from '../support/mosquitto.ts';

const until = <T>(look: () => T) => vi.waitFor(look, { timeout: 20_000, interval: 25 });
const CONTROLLER = 'homeassistant/device/onvif_controller/config';
const CAMERA = 'homeassistant/device/onvif_camera/config';
const DOOR = { DoorToken: 'Door_1' };

const hasBroker = mosquittoAvailable();
let world: HomeAssistantWorld;
beforeAll(async () => {
  if (!hasBroker) return;
  world = await homeAssistantWorld();
  await until(() => {
    const { entities } = world.heard.view();
    expect([...entities.keys()]).toContain('controller_door_state_door_fault_Door_2');
    expect([...entities.keys()]).toContain('camera_video_source_motion_alarm_VideoSource_1');
  });
});
afterAll(() => world?.close());

/** Topics told since there were so many messages. */
const since = (count: number) => world.heard.messages.slice(count).map(({ topic }) => topic);

describe.skipIf(!hasBroker)('Home Assistant at a real broker', { timeout: 60_000 }, () => {
  it('is told of every state of every device, in a form it takes', () => {
    const { faults, entities, devices } = world.heard.view();
    expect(faults).toEqual([]);
    const ids = {
      identifiers: ['onvif_controller'],
      configuration_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    };
    expect(devices.get(CONTROLLER)).toMatchObject({ name: 'Main door', suggested_area: 'Hall', ...ids });
    expect(devices.get(CAMERA)).toMatchObject({ name: 'Yard', model: 'Simulated Camera' });
    const controller = [...entities.values()].filter(({ unique_id }) => unique_id.startsWith('controller_'));
    const names = controller.map(({ name }) => name);
    const doors = [
      'Door Door_1',
      'Lock Door_1',
      'Tamper Door_2',
      'Alarm Door_1',
      'Mode Door_2',
      'Access AccessPoint_1',
    ];
    const others = ['Battery', 'Temperature', 'Relay Relay_1', 'Input Input_2', 'Link speed eth0', 'Last reboot'];
    expect(names).toEqual(expect.arrayContaining([...doors, ...others]));
  });

  it('sees states change', async () => {
    const { device, heard } = world;
    const controller = device('controller');
    const relay = { source: { RelayToken: 'Relay_1' }, data: { LogicalState: 'active' } };
    controller.setProperty('tns1:Door/State/DoorPhysicalState', { source: DOOR, data: { State: 'Open' } });
    controller.setProperty('tns1:Device/Trigger/Relay', relay);
    const moving = { source: { Source: 'VideoSource_1' }, data: { State: true } };
    device('camera').setProperty('tns1:VideoSource/MotionAlarm', moving);
    await until(() => {
      const { state } = heard.view();
      expect(state('controller_door_state_door_physical_state_Door_1')).toBe('ON');
      expect(state('controller_device_trigger_relay_Relay_1')).toBe('True');
      expect(state('camera_video_source_motion_alarm_VideoSource_1')).toBe('True');
    });
    const { state, faults } = heard.view();
    expect(state('controller_door_state_lock_physical_state_Door_1')).toBe('OFF');
    expect(state('controller_monitoring_operating_time_last_reset')).toBe('None');
    expect(state('controller_monitoring_link_status_eth0')).toBe('1000');
    expect(faults).toEqual([]);
  });

  it('gets access transactions as events, never retained', async () => {
    const { device, heard } = world;
    const source = { AccessPointToken: 'AccessPoint_1' };
    const data = { External: false, CredentialToken: '0007', CredentialHolderName: 'Jo Doe', Reason: 'InvalidPIN' };
    device('controller').emit('tns1:AccessControl/Denied/Credential', { source, data });
    const loitering = { source: { Zone: 'Yard' }, data: { Seconds: 20, Score: 0.5 } };
    device('camera').emit('acme:Analytics/Loitering', loitering);
    const topic = 'onvif/controller/access_point/AccessPoint_1/event';
    const denied = await until(() => heard.last(topic) ?? expect.fail());
    expect(denied.retain).toBe(false);
    const told = { event_type: 'access_denied', reason: 'InvalidPIN', credential_token: '0007' };
    expect(JSON.parse(denied.payload)).toMatchObject(told);
    await until(() => expect([...heard.view().entities.keys()].join()).toContain('loitering'));
    expect(heard.view().faults).toEqual([]);
    expect(JSON.stringify(heard.messages)).not.toContain('Jo Doe');
  });
});

describe.skipIf(!hasBroker)('Home Assistant that was away', { timeout: 60_000 }, () => {
  it('finds all of it retained, and no events', async () => {
    const late = await world.listen();
    await until(() => expect(late.last(CAMERA)).toBeDefined());
    await until(() => expect(late.view().entities.size).toBe(world.heard.view().entities.size));
    await until(() => expect(late.view().faults).toEqual([]));
    expect(late.messages.filter(({ topic }) => topic.endsWith('/event'))).toEqual([]);
    await late.client.endAsync(true);
  });

  it('is told everything again when it has started', async () => {
    const { heard } = world;
    const before = heard.messages.length;
    await heard.client.publishAsync('homeassistant/status', 'online');
    const wanted = [CONTROLLER, CAMERA, 'onvif/controller/door/Door_1', 'onvif/camera/availability'];
    await until(() => expect(since(before)).toEqual(expect.arrayContaining(wanted)));
    expect(since(before).filter((topic) => topic.endsWith('/event'))).toEqual([]);
    expect(heard.view().faults).toEqual([]);
  });
});

describe.skipIf(!hasBroker)('a connector that was away', { timeout: 60_000 }, () => {
  it('said so, and knows all states when it is back', async () => {
    const { heard, device } = world;
    const known = [...heard.view().entities.keys()].filter((id) => !id.includes('loitering'));
    await world.stop();
    expect(heard.last('onvif/bridge/state')?.payload).toBe('{"state":"offline"}');
    expect(JSON.parse(heard.last('onvif/controller/availability')!.payload)).toMatchObject({ state: 'offline' });
    const before = heard.messages.length;
    await world.start();
    const forced = { source: DOOR, data: { State: 'DoorForcedOpen' } };
    device('controller').setProperty('tns1:Door/State/DoorAlarm', forced);
    await until(() => expect(heard.view().state('controller_door_state_door_alarm_Door_1')).toBe('ON'));
    const door = JSON.parse(heard.last('onvif/controller/door/Door_1')!.payload);
    expect(door).toMatchObject({ door: 'Open', mode: 'Locked', alarm: 'DoorForcedOpen' });
    // What Home Assistant would know that had been started with the connector, once all of it is told.
    const afterwards = () =>
      homeAssistantView(
        heard.messages.slice(before).filter(({ topic }) => !/^onvif\/bridge\/|gap$|synchronized$/.test(topic)),
      );
    await until(() => {
      expect([...afterwards().entities.keys()]).toEqual(expect.arrayContaining(known));
      expect(afterwards().faults).toEqual([]);
    });
  });

  it('takes away a device that is no longer configured', async () => {
    const { heard } = world;
    await world.reload('camera');
    await until(() => expect(heard.last(CONTROLLER)?.payload).toBe(''));
    await until(() => expect(heard.last('onvif/controller/door/Door_1')?.payload).toBe(''));
    expect([...heard.view().entities.keys()].filter((id) => id.startsWith('controller_'))).toEqual([]);
  });
});
