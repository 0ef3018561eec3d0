import { fileURLToPath } from 'node:url';
import { startProcess } from './process.mjs';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Simulated devices in a process of their own, in load mode: they answer a pull as soon as it is asked. */
export async function startDevices(count, { batch, intervalMs }) {
  const args = ['simulate', '--port', '0', '--devices', String(count), '--rate', '0', '--load-batch', String(batch)];
  if (intervalMs !== undefined) args.push('--load-interval', String(intervalMs));
  const simulator = startProcess(process.execPath, [MAIN, ...args]);
  const addresses = [];
  for (let i = 0; i < count; i++) {
    const line = await simulator.line((text) => text.trim().startsWith('address:'));
    addresses.push(line.trim().slice('address: '.length));
  }
  return { addresses, pid: simulator.pid, stop: () => simulator.stop() };
}
