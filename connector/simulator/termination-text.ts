import type { DeviceState } from './simulated-device.ts';
import { writeSeconds } from './wire-time.ts';

/** `<prefix:TerminationTime>` of an answer, or what this device writes for it (quirk termination-time-garbage). */
export function terminationText(device: DeviceState, prefix: 'wsnt' | 'tev', time: number): string {
  const text = garbled(writeSeconds(time), device.options.quirks.value('termination-time-garbage'));
  return text === null ? '' : `<${prefix}:TerminationTime>${text}</${prefix}:TerminationTime>`;
}

function garbled(text: string, kind: number | null): string | null {
  switch (kind) {
    case null:
      return text;
    case 2:
      return text.replace('T', ' ');
    case 3:
      return text.replace('T', 'T-');
    case 4:
      return text.slice(0, 10);
    case 5:
      return '0000-00-00T00:00:00Z';
    case 6:
      return null;
    default:
      return text.replace(/:\d\d:(\d\d)Z$/, ':61:$1Z');
  }
}
