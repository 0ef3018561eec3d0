// One sink as the connector runs it: records from the durable log, through the sink's usual mapping, to its other side.
// Arguments: file for the result, then { type, events, warmUp, url | brokers, topic } as JSON. Standard output is the stdout sink's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock as clock } from '../dist/clock.js';
import { kafkaRoutes } from '../dist/mapping/kafka-routes.js';
import { openMapping } from '../dist/mapping/open-mapping.js';
import { kafkaPort, kafkaSink } from '../dist/sink/kafka-sink.js';
import { mqttSink } from '../dist/sink/mqtt-sink.js';
import { stdoutSink } from '../dist/sink/stdout-sink.js';
import { openSpool } from '../dist/spool/open-spool.js';
import { SinkWorker } from '../dist/supervision/sink-worker.js';
import { accessRecord, DEVICES } from './sink-records.mjs';

const [result, text] = process.argv.slice(2);
const { type, events, warmUp, url, brokers, topic } = JSON.parse(text);
const NAME = 'bench';
const PORTION = 500;
const mappingsDirectory = fileURLToPath(new URL('../mappings/', import.meta.url));
const open = (name) => openMapping(name, { devices: new Map(), mappingsDirectory });
const batches = [];
const directory = mkdtempSync(join(tmpdir(), 'bench-sink-'));
const spool = await openSpool({ directory, maxBytes: 2 ** 31, sinks: [NAME] });
let appended = 0;
await append(warmUp);
await drained();
await append(events);
batches.length = 0;
const { seconds, cpu } = await drained();
const letters = spool.deadLetters(NAME).length;
await spool.close();
rmSync(directory, { recursive: true, force: true });
if (letters > 0) throw new Error(`${letters} dead letters`);
writeFileSync(result, JSON.stringify({ perSecond: events / seconds, cpuMicros: cpu / events, batches }));
process.exit();

async function append(count) {
  for (let done = 0; done < count; done += PORTION) {
    const records = new Map(DEVICES.map((device) => [device, []]));
    for (let i = 0; i < Math.min(PORTION, count - done); i++) {
      const record = accessRecord(appended++);
      records.get(record.device).push(record);
    }
    await Promise.all(
      [...records].map(([device, of]) => (of.length > 0 ? spool.append(answer(device, of)) : undefined)),
    );
  }
}

function answer(device, records) {
  const { sequence } = records.at(-1);
  const checkpoint = {
    sequence,
    epoch: 1,
    lastAnswerAt: null,
    subscription: null,
    stoppedInOrder: false,
    deviceDigest: null,
  };
  return { device, records, checkpoint, properties: [] };
}

/** Wall seconds and CPU µs from the connection until all is acknowledged. */
async function drained() {
  let began;
  const { promise: done, resolve, reject } = deferred();
  let left = appended - delivered();
  const observer = {
    sinkStatus(_, connected, error) {
      if (error !== null) reject(error);
      if (connected) began = { at: performance.now(), cpu: process.cpuUsage() };
    },
    delivered(_, runs) {
      for (const { count } of runs) left -= count;
      if (left === 0) resolve({ at: performance.now(), cpu: process.cpuUsage(began.cpu) });
    },
    buried: (_, __, reason) => reject(new Error(reason)),
    sinkTrouble: (_, what, error) => reject(new Error(what, { cause: error })),
  };
  const [sink, mapping] = sinkOf();
  const worker = new SinkWorker({ sink, mapping, spool, clock, observer });
  const ended = await done;
  await worker.stop(1_000);
  return { seconds: (ended.at - began.at) / 1000, cpu: ended.cpu.user + ended.cpu.system };
}

function delivered() {
  return spool.reader(NAME).acknowledged();
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

function sinkOf() {
  switch (type) {
    case 'stdout':
      return [stdoutSink({ name: NAME, stream: process.stdout }), open('envelope')];
    case 'mqtt':
      return [mqttSink({ name: NAME, url, clientId: NAME, window: 1_000 }), open('onvif-ej')];
    case 'kafka': {
      const topics = { events: topic, state: `${topic}.state`, devices: `${topic}.devices` };
      const options = { name: NAME, brokers, clientId: NAME, topics: [topic], deadLetterTopic: null };
      return [kafkaSink({ ...options, port: counting(kafkaPort(options)) }), kafkaRoutes(open('envelope'), topics)];
    }
  }
}

/** The port, that remembers how many records each request had. */
function counting(port) {
  return {
    ...port,
    async producer(signal) {
      const producer = await port.producer(signal);
      const send = (records) => {
        batches.push(records.length);
        return producer.send(records);
      };
      return { ...producer, send };
    },
  };
}
