import { useSession } from './session.ts';

/** An instant as its age, with the instant itself for those who point at it. */
export function Age({ at, none = '—' }: { at: string | null; none?: string }) {
  const { now } = useSession();
  if (at === null) return <span class="none">{none}</span>;
  const seconds = (now() - Date.parse(at)) / 1_000;
  return (
    <time datetime={at} title={new Date(at).toLocaleString()}>
      {seconds < 0 ? `in ${span(-seconds)}` : seconds < 1.5 ? 'now' : `${span(seconds)} ago`}
    </time>
  );
}

/** Two digits are enough to know. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 5_970) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_000) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** The time of day, to the millisecond: for lines that come close together. */
export function TimeOfDay({ at }: { at: string }) {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return (
    <time datetime={at} title={date.toLocaleString()}>
      {text}
      <span class="milliseconds">.{String(date.getMilliseconds()).padStart(3, '0')}</span>
    </time>
  );
}
