import mqtt from 'mqtt';
import { cpuSeconds, eventually } from './process.mjs';

/** Events acknowledged by the broker a second, and CPU µs an event, over `seconds` in the steady state. */
export async function measureThroughput({ contestant }, seconds) {
  // The first seconds compile: they say nothing about years of running.
  await eventually('first events', async () => (await contestant.acknowledged()) > 0);
  await sleep(5000);
  const from = await sample(contestant);
  await sleep(seconds * 1000);
  const to = await sample(contestant);
  const events = to.count - from.count;
  if (events === 0) throw new Error('nothing was acknowledged');
  return { perSecond: events / (to.at - from.at), cpuMicros: ((to.cpu - from.cpu) * 1e6) / events };
}

/** From the device's own time stamp in an event to its arrival at a subscriber, ms. */
export async function measureLatency({ broker, contestant }, seconds) {
  const subscriber = await mqtt.connectAsync(broker.url, { clientId: 'bench-subscriber' });
  const delays = [];
  let counting = false;
  subscriber.on('message', (_, payload) => {
    if (!counting) return;
    const sentAt = /SentAt"?[^0-9]*(\d{13}\.\d+)/.exec(payload.toString('latin1'))?.[1];
    if (sentAt !== undefined) delays.push(performance.timeOrigin + performance.now() - Number(sentAt));
  });
  await subscriber.subscribeAsync('#', { qos: 0 });
  await sleep(2500);
  counting = true;
  const cpu = cpuSeconds(contestant.pid);
  await sleep(seconds * 1000);
  counting = false;
  const cpuShare = (cpuSeconds(contestant.pid) - cpu) / seconds;
  await subscriber.endAsync(true);
  delays.sort((a, b) => a - b);
  const quantile = (q) => delays[Math.min(delays.length - 1, Math.floor(delays.length * q))];
  return { events: delays.length / seconds, p50: quantile(0.5), p99: quantile(0.99), cpuShare };
}

async function sample(contestant) {
  const count = await contestant.acknowledged();
  return { count, cpu: cpuSeconds(contestant.pid), at: performance.now() / 1000 };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
