import type { Clock } from '../clock.ts';
import { ConfigurationError, messageOf } from '../errors.ts';
import type { Scenario, ScenarioStep } from './scenario.ts';
import type { SimulatedDevice } from './simulated-device.ts';

/**
 * Plays a scenario; resolves at its end or when the signal aborts. Rejects with a ConfigurationError naming file and
 * line when a step cannot be done, or when it names a device that is not there.
 */
export async function playScenario(
  scenario: Scenario,
  devices: readonly SimulatedDevice[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const stranger = Object.keys(scenario.devices).find(
    (id) => id !== '*' && !devices.some((device) => device.id === id),
  );
  if (stranger !== undefined) {
    const there = devices.map(({ id }) => id).join(', ');
    throw new ConfigurationError('scenario', `${scenario.file}: no device "${stranger}"; there are ${there}`);
  }
  do {
    const started = clock.monotonic();
    await Promise.all(devices.map((device) => playDevice(scenario, device, clock, signal)));
    // A repeated scenario without a wait in it must not take the whole process.
    if (scenario.repeat && clock.monotonic() - started < 1) await pause(clock, 1, signal);
  } while (scenario.repeat && !signal.aborted);
}

async function playDevice(
  scenario: Scenario,
  device: SimulatedDevice,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const steps: readonly ScenarioStep[] = scenario.devices[device.id] ?? scenario.devices['*'] ?? [];
  for (const { act, line } of steps) {
    if (signal.aborted) return;
    try {
      if (typeof act === 'number') await pause(clock, act, signal);
      else act(device);
    } catch (error) {
      throw new ConfigurationError('scenario', `${scenario.file}:${line}: ${messageOf(error)}`, { cause: error });
    }
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
