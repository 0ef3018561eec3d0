const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Durations as people write them: `500ms`, `30s`, `1h30m`. */
const PLAIN = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
/** xs:duration without years and months, whose length nobody knows: `PT1M`, `P1DT12H`. */
const ISO = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of a duration such as `500ms`, `30s`, `5m`, `2h` or `PT1M`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const ms = PLAIN.test(text) ? plain(text) : iso(text);
  return ms === undefined || !Number.isSafeInteger(Math.round(ms)) ? undefined : Math.round(ms);
}

function plain(text: string): number {
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    ms += Number(amount) * UNITS[unit as keyof typeof UNITS];
  }
  return ms;
}

function iso(text: string): number | undefined {
  const found = ISO.exec(text);
  if (!found || text.endsWith('T') || text === 'P') return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return days! * UNITS.d + hours! * UNITS.h + minutes! * UNITS.m + seconds! * UNITS.s;
}

/** The shortest way to write `ms` milliseconds: 60000 → `1m`, 90000 → `90s`. */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`;
  }
  return `${ms}ms`;
}
