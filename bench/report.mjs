/** Medians over the rounds, and the ratio of the first contestant to the second. */
export function throughputTable(rows, contestants) {
  const lines = ['notifications an answer | client | events/s (min–max) | CPU µs/event (min–max)', '---|---|---|---'];
  for (const batch of new Set(rows.map((row) => row.batch))) {
    const medians = contestants.map(({ name }) => {
      const mine = rows.filter((row) => row.name === name && row.batch === batch);
      const rate = mine.map((row) => row.perSecond);
      const cpu = mine.map((row) => row.cpuMicros);
      lines.push(`${batch} | ${name} | ${figure(rate, 0)} | ${figure(cpu, 1)}`);
      return { rate: median(rate), cpu: median(cpu) };
    });
    if (medians.length === 2) {
      const [ours, peer] = medians;
      lines.push(
        `${batch} | **ratio** | **${(ours.rate / peer.rate).toFixed(2)} ×** | ${(ours.cpu / peer.cpu).toFixed(2)} ×`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export function latencyTable(rows) {
  const lines = [
    'answers of | client | events/s offered and received | p50 ms | p99 ms | CPU of a core',
    '---|---|---|---|---|---',
    ...rows.map(
      ({ batch, name, devices, events, p50, p99, cpuShare }) =>
        `${batch} | ${name} | ${devices * batch * 10} / ${events.toFixed(0)} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${(cpuShare * 100).toFixed(0)} %`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Medians over the rounds of each sink, and what of kafkajs' own speed ours has: in each round the two ran one after the other. */
export function sinkTable(rows, events) {
  const lines = [
    `${events} events to | events/s (min–max) | CPU µs/event (min–max) | records a request`,
    '---|---|---|---',
  ];
  const of = (name) => rows.filter((row) => row.name === name);
  for (const name of new Set(rows.map((row) => row.name))) {
    const mine = of(name);
    const sizes = mine.flatMap(({ batches }) => batches);
    const size = sizes.length === 0 ? '' : (sizes.reduce((sum, each) => sum + each, 0) / sizes.length).toFixed(0);
    const rate = figure(
      mine.map((row) => row.perSecond),
      0,
    );
    lines.push(
      `${name} | ${rate} | ${figure(
        mine.map((row) => row.cpuMicros),
        1,
      )} | ${size}`,
    );
  }
  const alone = of('kafkajs alone');
  const ratios = (key) => of('kafka').map((row, round) => row[key] / alone[round][key]);
  lines.push(
    `**kafka : kafkajs alone** | **${figure(ratios('perSecond'), 2)} ×** | ${figure(ratios('cpuMicros'), 2)} × | at least 0.70 × wanted`,
  );
  return `${lines.join('\n')}\n`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function figure(values, digits) {
  const text = (value) => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}
