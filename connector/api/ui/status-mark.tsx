export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'accent';

const TONES: Readonly<Record<string, Tone>> = {
  online: 'good',
  connected: 'good',
  starting: 'idle',
  stopped: 'idle',
  offline: 'bad',
  disconnected: 'bad',
  unauthorized: 'warn',
};

/** A word with a colour and a shape: the word alone says it all. */
export function StatusMark({ status, tone = TONES[status] ?? 'idle' }: { status: string; tone?: Tone }) {
  return (
    <span class={`mark ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {status}
    </span>
  );
}
