import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { kafkaSink } from '../../connector/sink/kafka-sink.ts';
import { mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { stdoutSink } from '../../connector/sink/stdout-sink.ts';
import { givenBrokers, kafkaAvailable, startKafka } from '../support/kafka-broker.ts';
import { createTopics, readTopic } from '../support/kafka-reader.ts';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { type MqttObserver, mqttObserver } from '../support/mqtt-observer.ts';
import { type MuteableLine, muteableLine } from '../support/muteable-line.ts';
import { type Lane, type OtherSide, sinkContract } from '../support/sink-contract.ts';

/** A name no other test has. */
const someName = () => `lane-${randomUUID().slice(0, 8)}`;

/** Whoever reads standard output: takes what is written, and says so or not. */
function outputReader() {
  const lines: string[] = [];
  const silenced: (() => void)[] = [];
  let silent = false;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, taken) {
      lines.push(...String(chunk).trimEnd().split('\n'));
      if (silent) silenced.push(taken);
      else taken();
    },
  });
  return {
    ...{ stream, lines },
    hold() {
      silent = true;
    },
    release() {
      silent = false;
      for (const taken of silenced.splice(0)) taken();
    },
  };
}

function standardOutput(): OtherSide {
  return {
    async lane(): Promise<Lane> {
      const name = someName();
      const readers = [outputReader()];
      const last = () => readers.at(-1)!;
      return {
        topic: name,
        sink: () => stdoutSink({ name, stream: last().stream }),
        read: async () => readers.flatMap(({ lines }) => lines),
        hold: () => last().hold(),
        release: () => last().release(),
        async kill() {
          last().stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
        },
        async restart() {
          readers.push(outputReader());
        },
      };
    },
    async close() {},
  };
}

async function mosquitto(protocol: 4 | 5): Promise<OtherSide> {
  // By default it drops what a slow reader has not taken.
  const broker = await startMosquitto({ settings: ['max_queued_messages 0'] });
  const lines: MuteableLine[] = [];
  return {
    async lane(limit): Promise<Lane> {
      const line = await muteableLine(broker.port);
      lines.push(line);
      const topic = someName();
      const observers: MqttObserver[] = [await mqttObserver(broker.url, topic)];
      onTestFinished(async () => void (await Promise.all(observers.map((each) => each.close()))));
      const url = `mqtt://127.0.0.1:${line.port}`;
      return {
        topic,
        // The limit is the sink's own: nothing of a broker's can be set for one lane.
        sink: () => mqttSink({ name: topic, url, clientId: topic, protocol, maximumPacketSize: limit, window: 100 }),
        read: async () => observers.flatMap(({ messages }) => messages.map(({ payload }) => payload)),
        hold: line.mute,
        release: line.unmute,
        async kill() {
          line.cut(false);
          await broker.kill();
        },
        async restart() {
          await broker.start();
          // Nothing is to come before somebody listens: such brokers keep nothing.
          observers.push(await mqttObserver(broker.url, topic));
          line.open();
        },
      };
    },
    async close() {
      for (const line of lines) line.close();
      await broker.close();
    },
  };
}

/** @param given brokers of somebody else, which are not to be held or killed */
async function kafka(given?: string[]): Promise<OtherSide> {
  let line: MuteableLine | undefined;
  const through = async (port: number) => {
    line = await muteableLine(port);
    return line.port;
  };
  const broker = given === undefined ? await startKafka({ through }) : undefined;
  const brokers = given ?? [`127.0.0.1:${line!.port}`];
  return {
    async lane(limit): Promise<Lane> {
      const name = someName();
      const deadLetterTopic = `${name}.dlq`;
      const settings = { 'max.message.bytes': String(limit) };
      await createTopics(brokers, { [name]: { partitions: 3, settings }, [deadLetterTopic]: {} });
      const values = async (topic: string) => (await readTopic(brokers, topic)).map(({ value }) => value ?? 'null');
      return {
        topic: name,
        sink: () => kafkaSink({ name, brokers, clientId: name, topics: [name], deadLetterTopic, compression: 'none' }),
        read: () => values(name),
        hold: () => line!.mute(),
        release: () => line!.unmute(),
        async kill() {
          line!.cut(false);
          await broker!.kill();
        },
        async restart() {
          await broker!.start();
          line!.open();
        },
        deadLetters: () => values(deadLetterTopic),
      };
    },
    async close() {
      line?.close();
      await broker?.close();
    },
  };
}

const mqtt = { available: mosquittoAvailable(), refuses: true, breakable: true };
const given = givenBrokers();

sinkContract('standard output', {
  ...{ available: true, refuses: false, breakable: true, takesProcessAlong: true },
  open: async () => standardOutput(),
});
sinkContract('Mosquitto, MQTT 5.0', { ...mqtt, open: () => mosquitto(5) });
sinkContract('Mosquitto, MQTT 3.1.1', { ...mqtt, open: () => mosquitto(4) });
sinkContract('Kafka', { available: kafkaAvailable(), refuses: true, breakable: true, open: () => kafka() });
if (given !== undefined)
  sinkContract('the Kafka of KAFKA_BROKERS', {
    available: true,
    refuses: true,
    breakable: false,
    open: () => kafka(given),
  });
