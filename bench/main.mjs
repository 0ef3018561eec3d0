#!/usr/bin/env node
// npm run bench: the connector as users run it (one process, durable spool, MQTT 5 QoS 1 into a real Mosquitto, default
// mapping) beside the npm package `onvif` 0.8.3 with JSON and mqtt QoS 1, on the same simulated devices in a process of
// their own, interleaved in one run. With --sinks: each sink by itself, and kafkajs alone beside ours. Absolute figures belong to the machine; the ratios are what to read.
import { parseArgs } from 'node:util';
import { startBroker } from './broker.mjs';
import { startConnector, startPeer } from './contestants.mjs';
import { startDevices } from './devices.mjs';
import { measureLatency, measureThroughput } from './measure.mjs';
import { latencyTable, throughputTable } from './report.mjs';
import { benchSinks } from './sinks.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    devices: { type: 'string', default: '20' },
    answers: { type: 'string', default: '1,10,100' },
    only: { type: 'string' },
    sinks: { type: 'boolean', default: false },
    events: { type: 'string', default: '200000' },
  },
});
if (values.sinks) {
  await benchSinks({ events: Number(values.events), rounds: Number(values.rounds) });
  process.exit();
}
const contestants = [
  { name: 'onvif-connector', start: startConnector },
  { name: 'onvif 0.8.3 + mqtt', start: startPeer },
].filter(({ name }) => values.only === undefined || name.startsWith(values.only));
const devices = Number(values.devices);
const seconds = Number(values.seconds);

const throughput = [];
const latency = [];
for (const batch of values.answers.split(',').map(Number)) {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, start } of contestants) {
      throughput.push({ name, batch, ...(await once(start, { batch }, (run) => measureThroughput(run, seconds))) });
      process.stderr.write('.');
    }
  }
  for (const { name, start } of contestants) {
    const load = { batch, intervalMs: 100 };
    latency.push({ name, batch, devices, ...(await once(start, load, (run) => measureLatency(run, seconds))) });
    process.stderr.write('.');
  }
}
process.stderr.write('\n');
process.stdout.write(`${throughputTable(throughput, contestants)}\n${latencyTable(latency)}`);

/** Fresh broker, devices and contestant for every figure: nothing one leaves behind helps or hurts the next. */
async function once(start, load, measure) {
  const broker = await startBroker();
  const simulated = await startDevices(devices, load);
  try {
    const contestant = await start({ broker, addresses: simulated.addresses, batch: load.batch });
    try {
      return await measure({ broker, contestant, simulated });
    } finally {
      await contestant.stop();
    }
  } finally {
    await simulated.stop();
    await broker.stop();
  }
}
