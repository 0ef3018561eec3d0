import { messageOf } from '../errors.ts';
import { endpointText } from '../settings/endpoint.ts';
import { loadSettings } from '../settings/load-settings.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

/** Shorter than any orchestrator waits, ms. */
const PATIENCE_MS = 4_000;

/** `healthcheck`: 0 where the running daemon says that it is ready, 1 otherwise. */
export async function healthcheckVerb(options: CommonOptions, { stdout, stderr, env }: Streams): Promise<Exit> {
  const { settings } = await loadSettings({ file: options.config, env, vocabulary: await settingsVocabulary() });
  const { host, port } = settings.http.listen;
  // Listening everywhere is no address to ask at.
  const target = endpointText({ host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port });
  try {
    const answer = await fetch(`http://${target}/readyz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    stdout.write(await answer.text());
    return answer.ok ? 0 : 1;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    stderr.write(
      `nobody answers at http://${target}/readyz (${messageOf(cause)}); is "onvif-connector run" running?\n`,
    );
    return 1;
  }
}
