// The peer: npm package onvif 0.8.3, its own event loop, each message as JSON over mqtt with QoS 1.
import { createInterface } from 'node:readline';
import mqtt from 'mqtt';
import onvif from 'onvif';

const [url, batch, ...addresses] = process.argv.slice(2);
const client = await mqtt.connectAsync(url);
// As fast as it gets: without this every acknowledgement waits for the kernel's delayed one.
client.stream.setNoDelay?.(true);
let acknowledged = 0;
for (const [index, address] of addresses.entries()) {
  const { hostname, port } = new URL(address);
  const cam = new onvif.Cam({ hostname, port: Number(port), autoconnect: false });
  await new Promise((resolve, reject) => cam.connect((error) => (error ? reject(error) : resolve())));
  cam.events.messageLimit = Number(batch);
  cam.on('event', (message) => {
    const topic = String(message.topic?._ ?? message.topic);
    client.publish(`device-${index + 1}/${topic}`, JSON.stringify(message), { qos: 1 }, () => {
      acknowledged++;
    });
  });
}
createInterface({ input: process.stdin }).on('line', () => process.stdout.write(`count ${acknowledged}\n`));
process.stdout.write('started\n');
