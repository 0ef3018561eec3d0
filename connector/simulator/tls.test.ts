import { request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.ts';
import { type Simulator, startSimulator } from './simulator.ts';

const own = await makeCertificate('127.0.0.1');

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const ENVELOPE =
  '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><e:Body>' +
  '<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices></e:Body></e:Envelope>';

function asked(url: string, identity = {}): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'Content-Type': 'application/soap+xml', Connection: 'close' };
    const sent = request(url, { method: 'POST', headers, rejectUnauthorized: false, ...identity }, async (answer) => {
      let text = '';
      try {
        for await (const chunk of answer) text += chunk;
      } catch {}
      resolve(text);
    });
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(ENVELOPE);
  });
}

describe.skipIf(own === null)('a device by TLS', () => {
  it('gives https addresses; the control API stays plain, and what resets does so here too', async () => {
    simulator = await startSimulator({ tls: own! });
    const { address, line } = simulator.devices[0]!;
    expect(await asked(address)).toContain(
      `<tds:XAddr>${address.replace('device_service', 'event_service')}</tds:XAddr>`,
    );
    expect((await fetch(`${simulator.controlUrl}stats`)).status).toBe(200);
    line.resetConnections(1);
    expect(await asked(address)).toBe('ECONNRESET');
  });

  it('demands a client certificate where it is told to', async () => {
    simulator = await startSimulator({ portPerDevice: true, tls: { ...own!, ca: own!.cert, requestCert: true } });
    const { address } = simulator.devices[0]!;
    expect(await asked(address, own!)).toContain('GetServicesResponse');
    expect(await asked(address)).not.toContain('GetServicesResponse');
  });
});
