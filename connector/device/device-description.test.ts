import { describe, expect, it } from 'vitest';
import {
  readCapabilityCategories,
  readDeviceInformation,
  readEventCapabilities,
  readEventServiceCapabilities,
  readServices,
} from './device-description.ts';
import { NS } from './namespaces.ts';
import { parseXml } from './xml-tree.ts';

const parse = (text: string) => parseXml(Buffer.from(text));

describe('GetServices', () => {
  it('has the services in order, their capabilities by group and name', () => {
    const services = readServices(
      parse(`<tds:GetServicesResponse xmlns:tds="${NS.tds}" xmlns:tt="${NS.tt}">
        <tds:Service><tds:Namespace>${NS.tds}</tds:Namespace><tds:XAddr> http://192.0.2.1/onvif/device_service </tds:XAddr>
          <tds:Capabilities><tds:Capabilities><tds:Network IPFilter="false"/><tds:Security HttpDigest="true" UsernameToken="false"/></tds:Capabilities></tds:Capabilities>
          <tds:Version><tt:Major>22</tt:Major><tt:Minor>06</tt:Minor></tds:Version></tds:Service>
        <tds:Service><tds:Namespace>${NS.tev}</tds:Namespace><tds:XAddr>http://192.0.2.1/e</tds:XAddr>
          <tds:Capabilities><tev:Capabilities xmlns:tev="${NS.tev}" MaxPullPoints="5"/></tds:Capabilities></tds:Service>
        <tds:Service/>
      </tds:GetServicesResponse>`),
    );
    expect(services).toEqual([
      {
        namespace: NS.tds,
        address: 'http://192.0.2.1/onvif/device_service',
        version: '22.06',
        capabilities: { 'Network.IPFilter': 'false', 'Security.HttpDigest': 'true', 'Security.UsernameToken': 'false' },
      },
      { namespace: NS.tev, address: 'http://192.0.2.1/e', version: null, capabilities: { MaxPullPoints: '5' } },
      { namespace: '', address: '', version: null, capabilities: {} },
    ]);
  });
});

describe('GetCapabilities, for devices without GetServices', () => {
  it('gives the categories it has as services, those of its Extension too', () => {
    const services = readCapabilityCategories(
      parse(
        '<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>http://d</tt:XAddr></tt:Device><tt:Events><tt:XAddr>http://e</tt:XAddr></tt:Events><tt:Media/><tt:Unknown><tt:XAddr>http://u</tt:XAddr></tt:Unknown><tt:Extension><tt:DeviceIO><tt:XAddr>http://i</tt:XAddr></tt:DeviceIO></tt:Extension></tds:Capabilities></tds:GetCapabilitiesResponse>',
      ),
    );
    expect(services.map(({ namespace, address }) => [namespace, address])).toEqual([
      [NS.tds, 'http://d'],
      [NS.tev, 'http://e'],
      ['http://www.onvif.org/ver10/deviceIO/wsdl', 'http://i'],
    ]);
  });

  it('gives none where the answer is empty', () => {
    expect(readCapabilityCategories(parse('<tds:GetCapabilitiesResponse/>'))).toEqual([]);
  });
});

describe('who a device is', () => {
  it('is text, empty where the device does not say', () => {
    const information = readDeviceInformation(
      parse(
        '<r><Manufacturer> Acme </Manufacturer><Model>D1</Model><FirmwareVersion>1.0</FirmwareVersion><SerialNumber>007</SerialNumber></r>',
      ),
    );
    expect(information).toEqual({
      manufacturer: 'Acme',
      model: 'D1',
      firmwareVersion: '1.0',
      serialNumber: '007',
      hardwareId: '',
    });
  });

  it('is bounded, and free of what steers a terminal', () => {
    const { model, manufacturer } = readDeviceInformation(
      parse(`<r><Manufacturer>A\u009bB\nC</Manufacturer><Model>${'x'.repeat(10_000)}</Model></r>`),
    );
    expect(model).toHaveLength(256);
    expect(manufacturer).not.toMatch(/\p{Cc}/u);
  });
});

describe('event capabilities', () => {
  const read = (attributes: string) =>
    readEventCapabilities(readEventServiceCapabilities(parse(`<r><tev:Capabilities ${attributes}/></r>`)));

  it('are read from their attributes', () => {
    expect(read('MaxNotificationProducers="0" MaxPullPoints="5" PersistentNotificationStorage="true"')).toEqual({
      maxPullPoints: 5,
      maxNotificationProducers: 0,
      persistentNotificationStorage: true,
    });
  });

  it('are unknown where the device does not say, or says no number', () => {
    const unknown = { maxPullPoints: null, maxNotificationProducers: null, persistentNotificationStorage: false };
    expect(read('')).toEqual(unknown);
    expect(read('MaxPullPoints="many" MaxNotificationProducers=""')).toEqual(unknown);
    expect(readEventCapabilities(readEventServiceCapabilities(parse('<r/>')))).toEqual(unknown);
  });

  it('know the name that the text of the standard has (trap 44)', () => {
    expect(read('PersistenNotificationStorage="1"').persistentNotificationStorage).toBe(true);
  });
});
