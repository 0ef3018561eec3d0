import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A file or folder that is kept beside the project and not in it: at the path the environment names, else at `fallback`
 * (from the project's root). Null, and one loud line, where it is not there; in CI that is a failure.
 */
export function sharedPath(variable: string, fallback: string): string | null {
  const path = resolve(PROJECT, process.env[variable] || fallback);
  return existsSync(path) ? path : missing(`${path} is not there; name it by ${variable}`);
}

/** Recorded answers of real devices, and sessions with them. */
export const samplesFolder = (): string | null => sharedPath('ONVIF_SAMPLES', '../shared/samples');

/** The program that holds envelopes against the published WSDL and XSD. It needs xmllint. */
export function wireCheckTool(): string | null {
  const path = sharedPath('ONVIF_WIRE_CHECK', '../shared/tools/wire-check');
  const found = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'xmllint')));
  return path === null || found ? path : missing('xmllint is not installed (Debian: libxml2-utils)');
}

function missing(why: string): null {
  if (process.env.CI) throw new Error(`conformance tests cannot run: ${why}`);
  console.warn(`SKIPPED: conformance tests do not run: ${why}`);
  return null;
}
