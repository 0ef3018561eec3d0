/** Devices the events of the benchmark are of. */
export const DEVICES = Array.from({ length: 20 }, (_, index) => `device-${index + 1}`);

const START = Date.now() - 60_000;

/** The record of an access that was granted: some 600 bytes as JSON. @param n counts all of them */
export function accessRecord(n) {
  const at = new Date(START + (n % 1000)).toISOString();
  const device = DEVICES[n % DEVICES.length];
  const sequence = Math.floor(n / DEVICES.length) + 1;
  return {
    ...{ kind: 'notification', id: `0198-${String(n).padStart(20, '0')}`, device, sequence, epoch: 1 },
    ...{ topic: 'tns1:AccessControl/AccessGranted/Credential', utcTime: at, time: at, receivedAt: at },
    ...{ provenance: 'live', source: { AccessPointToken: 'AccessPoint_1' }, key: {} },
    data: {
      ...{ External: false, CredentialToken: `E${String(n % 10_000_000).padStart(7, '0')}` },
      ...{ CredentialHolderName: 'Holder of the credential', ReaderToken: `Reader_${n % 7}` },
    },
  };
}
