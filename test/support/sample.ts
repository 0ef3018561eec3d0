import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `index.json` says of a recorded answer. */
export interface Sample {
  readonly file: string;
  readonly kind: string;
  readonly http_status?: number;
  readonly expected: SampleContent;
}

/** What a reader has to find in it. A group of items is null where it is absent and [] where it is empty. */
export interface SampleContent {
  readonly wellFormed: boolean;
  readonly bodyElement: string;
  readonly currentTime?: string;
  readonly terminationTime?: string;
  readonly subscriptionAddress?: string;
  readonly undeclaredPrefixes?: readonly string[];
  readonly messages?: readonly unknown[];
  readonly fault?: { readonly codes: readonly string[]; readonly reason: string | null };
  readonly describedTopics?: readonly unknown[];
}

export interface RecordedSession {
  readonly file: string;
  readonly exchanges: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly notifications: number;
  readonly topics: readonly string[];
}

export interface SampleIndex {
  readonly files: readonly Sample[];
  readonly sessions: readonly RecordedSession[];
}

export function readSampleIndex(folder: string): SampleIndex {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as SampleIndex;
}
