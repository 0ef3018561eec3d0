import { describe, expect, it, vi } from 'vitest';
import { settingsFromText } from '../../test/support/settings-from-text.ts';
import type { Reloaded } from '../compose.ts';
import { FatalError } from '../errors.ts';
import type { Settings } from '../settings/settings-schema.ts';
import type { Log } from '../telemetry/log.ts';
import { createReloader } from './reloader.ts';

const NOTHING = { added: [], removed: [], changed: [], unchanged: [] };

/** A reloader of one file whose text, and whose application, the test holds. */
async function rig(text = 'devices: [{ id: a, address: h }]\nsinks: [{ name: s, type: stdout }]') {
  const state = { text };
  const lines: { level: string; facts: Record<string, unknown>; message: string }[] = [];
  const logger = (level: string) => (facts: Record<string, unknown>, message: string) =>
    void lines.push({ level, facts, message });
  const log = { info: logger('info'), warn: logger('warn'), error: logger('error') } as unknown as Log;
  const apply = vi.fn(async (_: Settings): Promise<Reloaded> => {
    return { devices: NOTHING, sinks: NOTHING, relabelled: [], restart: [] };
  });
  const readFile = async (file: string) => {
    if (file !== '/c.yaml') throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return state.text;
  };
  const stopped = new AbortController();
  const reloader = createReloader(
    {
      ...{ apply, log, signal: stopped.signal },
      load: { file: '/c.yaml', env: {}, readFile },
      checkMapping: async () => [],
    },
    (await settingsFromText(text)).settings,
  );
  return { reloader, state, lines, apply, stopped };
}

describe('reloads', () => {
  it('happen one at a time, and what is asked for meanwhile is one more', async () => {
    const { reloader, state, apply } = await rig();
    const finish: (() => void)[] = [];
    apply.mockImplementation(async () => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return { devices: NOTHING, sinks: NOTHING, relabelled: [], restart: [] };
    });
    const asked = [reloader.reload('SIGHUP')];
    await vi.waitFor(() => expect(finish).toHaveLength(1));
    asked.push(reloader.reload('SIGHUP'), reloader.reload('SIGHUP'), reloader.reload('changed'));
    state.text = 'devices: [{ id: last, address: h }]\nsinks: [{ name: s, type: stdout }]';
    await new Promise((resolve) => setImmediate(resolve));
    expect(finish).toHaveLength(1);
    finish[0]!();
    await vi.waitFor(() => expect(finish).toHaveLength(2));
    finish[1]!();
    await Promise.all(asked);
    expect(apply.mock.calls.map(([{ devices }]) => devices[0]!.id)).toEqual(['a', 'last']);
  });

  it('that cannot be applied are told, and the next one is not the worse for it', async () => {
    const { reloader, lines, apply } = await rig();
    apply.mockRejectedValueOnce(new FatalError('odd', 'it did not work'));
    await reloader.reload('SIGHUP');
    await reloader.reload('SIGHUP');
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
    expect(lines[0]!.facts).toMatchObject({ code: 'odd', error: 'it did not work', why: 'SIGHUP' });
  });

  it('come to nothing once the connector stops', async () => {
    const { reloader, lines, apply, stopped } = await rig();
    stopped.abort();
    await reloader.reload('SIGHUP');
    expect([apply.mock.calls.length, lines.length]).toEqual([0, 0]);
  });
});

describe('the files a reload depends on', () => {
  it('are those of the configuration read last, mappings of one with faults too, each once', async () => {
    const { reloader, state } = await rig();
    expect(reloader.files()).toEqual([]);
    state.text = 'sinks: [{ name: a, type: stdout, mapping: ./m.yaml }, { name: b, type: stdout, mapping: envelope }]';
    await reloader.reload('changed');
    expect(reloader.files()).toEqual(['/m.yaml']);
    state.text = 'sinks: [{ name: a, type: stdout, mapping: ./n.yaml }]\nlog: { level: loud }';
    await reloader.reload('changed');
    expect(reloader.files()).toEqual(['/n.yaml']);
  });
});
