/** What a row of samples does over time. */
export interface Growth {
  readonly mean: number;
  /** Slope of the regression line, in units an hour. */
  readonly perHour: number;
  /** What the line gains over the time measured, as a part of the mean. */
  readonly part: number;
}

/** Samples in one bucket; garbage collection makes a saw of memory, whose lower edge is what is really kept. */
const BUCKET = 10;

/** Linear regression over the lowest sample of each bucket. @param samples ms and value, in order */
export function growth(samples: readonly (readonly [at: number, value: number])[]): Growth {
  const lowest: (readonly [number, number])[] = [];
  for (let start = 0; start < samples.length; start += BUCKET) {
    const bucket = samples.slice(start, start + BUCKET);
    lowest.push(bucket.reduce((least, one) => (one[1] < least[1] ? one : least)));
  }
  const count = lowest.length;
  if (count < 2) throw new Error(`${samples.length} samples are too few to see growth`);
  const meanAt = lowest.reduce((sum, [at]) => sum + at, 0) / count;
  const mean = lowest.reduce((sum, [, value]) => sum + value, 0) / count;
  let products = 0;
  let squares = 0;
  for (const [at, value] of lowest) {
    products += (at - meanAt) * (value - mean);
    squares += (at - meanAt) ** 2;
  }
  const slope = products / squares;
  const span = samples.at(-1)![0] - samples[0]![0];
  return { mean, perHour: slope * 3_600_000, part: (slope * span) / mean };
}
