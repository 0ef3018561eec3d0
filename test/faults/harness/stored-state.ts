import { openSpool } from '../../../connector/spool/open-spool.ts';
import type { StoredState } from '../oracle/history.ts';

/** Looks into the spool of a connector that has ended. */
export async function storedState(directory: string, device: string): Promise<StoredState> {
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks: ['envelope', 'onvif-ej'] });
  try {
    const buried = (sink: string) =>
      spool.deadLetters(sink).map(({ json }) => String((JSON.parse(json) as { id?: unknown }).id));
    return {
      sequence: spool.checkpoint(device)?.sequence ?? 0,
      deadLetters: { envelope: buried('envelope'), 'onvif-ej': buried('onvif-ej') },
    };
  } finally {
    await spool.close();
  }
}
