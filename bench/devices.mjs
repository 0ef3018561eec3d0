import { fileURLToPath } from 'node:url';
import { startProcess } from './process.mjs';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const DEVICE = fileURLToPath(new URL('./device.mjs', import.meta.url));

/** Devices in a process of their own that always have events: they answer a pull at once, or once an interval. */
export async function startDevices(count, { batch, intervalMs = 0 }) {
  const devices = startProcess(process.execPath, [DEVICE, String(count), String(batch), String(intervalMs)]);
  const addresses = [];
  for (let i = 0; i < count; i++) {
    const line = await devices.line((text) => text.startsWith('address: '));
    addresses.push(line.slice('address: '.length));
  }
  return { addresses, pid: devices.pid, stop: () => devices.stop() };
}
