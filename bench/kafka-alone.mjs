// kafkajs by itself, idempotent and acks=all: records made beforehand, in requests of the sizes our sink had.
// Arguments: file for the result, then { brokers, topic, batches, warmUp } as JSON.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { kafkaRoutes } from '../dist/mapping/kafka-routes.js';
import { openMapping } from '../dist/mapping/open-mapping.js';
import { kafkaRecord } from '../dist/sink/kafka-record.js';
import { accessRecord } from './sink-records.mjs';

const [result, text] = process.argv.slice(2);
const { brokers, topic, batches, warmUp } = JSON.parse(text);
const READY = 20_000;
const mappingsDirectory = fileURLToPath(new URL('../mappings/', import.meta.url));
const mapping = kafkaRoutes(openMapping('envelope', { devices: new Map(), mappingsDirectory }));
const messages = Array.from({ length: READY }, (_, n) => {
  const record = accessRecord(n);
  const [message] = mapping.map({ offset: n + 1, record, json: JSON.stringify(record) });
  const { key, value, headers, timestamp } = kafkaRecord(message, Date.now());
  return { key, value, headers, timestamp: String(timestamp) };
});
const kafka = new kafkajs.Kafka({ clientId: 'alone', brokers, logLevel: kafkajs.logLevel.NOTHING });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
await producer.connect();
let next = 0;
const warm = [];
for (let left = warmUp; left > 0; left -= 500) warm.push(Math.min(500, left));
await send(warm);
const [at, cpu] = [performance.now(), process.cpuUsage()];
await send(batches);
const seconds = (performance.now() - at) / 1000;
const { user, system } = process.cpuUsage(cpu);
const events = batches.reduce((sum, size) => sum + size, 0);
writeFileSync(result, JSON.stringify({ perSecond: events / seconds, cpuMicros: (user + system) / events, batches }));
await producer.disconnect();
process.exit();

async function send(sizes) {
  for (const size of sizes) {
    const batch = messages.slice(next, next + size);
    if (batch.length < size) batch.push(...messages.slice(0, size - batch.length));
    next = (next + size) % READY;
    const compression = kafkajs.CompressionTypes.GZIP;
    await producer.sendBatch({ acks: -1, compression, topicMessages: [{ topic, messages: batch }] });
  }
}
