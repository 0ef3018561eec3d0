import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDateTime } from '../../connector/device/date-time.ts';
import { readServices } from '../../connector/device/device-description.ts';
import type {
  Item,
  MessageContent,
  NotificationMessage,
  XmlElement,
} from '../../connector/device/notification-message.ts';
import { notificationReader, readNotifications } from '../../connector/device/notification-reader.ts';
import { readFault } from '../../connector/device/soap-fault.ts';
import type { DescribedTopic, ItemDescription } from '../../connector/device/topic-set.ts';
import { readTopicSet } from '../../connector/device/topic-set-reader.ts';
import { child, parseXml } from '../../connector/device/xml-tree.ts';
import { createPullPointFrom } from '../support/answering-session.ts';
import { readSampleIndex, type Sample, type SampleContent } from '../support/sample.ts';
import { samplesFolder } from '../support/shared-folder.ts';

const folder = samplesFolder();
const { files } = folder === null ? { files: [] } : readSampleIndex(folder);
const bytesOf = ({ file }: Sample) => readFileSync(join(folder!, file));

/** The same shape as `expected`, made by the connector's own readers alone. */
async function contentOf(sample: Sample): Promise<SampleContent> {
  const bytes = bytesOf(sample);
  const document = readNotifications(bytes);
  const tree = parseXml(bytes);
  const response = child(child(tree, 'Body'), document.bodyElement);
  const fault = readFault(tree);
  const undeclared = [...prefixesOf(tree)].filter((prefix) => !bytes.includes(`xmlns:${prefix}=`));
  const { currentTime, terminationTime } = document;
  return {
    wellFormed: document.damage === null,
    bodyElement: document.bodyElement,
    ...(currentTime !== null && { currentTime }),
    ...(terminationTime !== null && { terminationTime }),
    ...(undeclared.length > 0 && { undeclaredPrefixes: undeclared }),
    ...(fault !== null && { fault: { codes: fault.codes, reason: fault.reason } }),
    ...(CARRIERS.has(document.bodyElement) && { messages: document.notifications.flatMap(messagesOf) }),
    ...(document.bodyElement === 'CreatePullPointSubscriptionResponse' && {
      subscriptionAddress: (await createPullPointFrom(bytes)).reference.address,
    }),
    ...(document.bodyElement === 'GetEventPropertiesResponse' && {
      describedTopics: readTopicSet(response!).topics.map((topic) => describedTopic(topic, bytes)),
    }),
  };
}

/** Elements that carry notifications; of other answers nothing is said about them. */
const CARRIERS = new Set(['PullMessagesResponse', 'Notify', 'MetadataStream']);

function prefixesOf({ prefix, attributes, children }: XmlElement): Set<string> {
  const own = [prefix, ...attributes.map((attribute) => attribute.prefix)].filter(
    (each) => each !== '' && each !== 'xml',
  );
  return new Set([...own, ...children.flatMap((each) => [...prefixesOf(each)])]);
}

function messagesOf({ topic, producerAddress, messages }: NotificationMessage): unknown[] {
  const about = { topic: topic.text, dialect: topic.dialect, topicPrefixes: topic.prefixes };
  if (messages.length === 0) return [{ ...about, message: null }];
  return messages.map((message) => ({
    ...about,
    ...contentItems(message),
    ...(producerAddress !== null && { producerReferenceAddress: producerAddress }),
  }));
}

function contentItems({ utcTime, propertyOperation, source, key, data }: MessageContent) {
  const items = (group: readonly Item[] | null) =>
    group?.map((item) => (item.kind === 'simple' ? { name: item.name, value: item.value } : item)) ?? null;
  return { utcTime, propertyOperation, source: items(source), key: items(key), data: items(data) };
}

/** Prefixes of the file for the namespaces the reader found. */
function describedTopic({ path, isTopic, description }: DescribedTopic, bytes: Buffer) {
  const prefixOf = (uri: string) => bytes.toString().split(`="${uri}"`)[0]?.split('xmlns:').at(-1);
  const topic = path
    .map(({ uri, local }, at) => (uri === path[at - 1]?.uri ? local : `${prefixOf(uri)}:${local}`))
    .join('/');
  const items = (group: readonly ItemDescription[]) =>
    group.map(({ kind, name, type }) => ({
      name,
      type: `${prefixOf(type.uri)}:${type.local}`,
      kind: kind === 'simple' ? 'SimpleItemDescription' : 'ElementItemDescription',
    }));
  const { isProperty = false, source = [], key = [], data = [] } = description ?? {};
  return {
    topic,
    wstopTopicAttr: isTopic,
    hasMessageDescription: description !== null,
    isProperty: String(isProperty),
    source: items(source),
    ...(key.length > 0 && { key: items(key) }),
    data: items(data),
  };
}

describe.skipIf(folder === null)('recorded answers of real devices', () => {
  it('are all here', () => {
    expect(files.length).toBeGreaterThanOrEqual(80);
  });

  it.each(files)('$file', async (sample) => {
    expect(await contentOf(sample)).toEqual(sample.expected);
  });

  it('are read alike by one reader for all and by one for each', () => {
    const remembering = notificationReader();
    for (const sample of [...files, ...files]) {
      expect(remembering(bytesOf(sample)), sample.file).toEqual(readNotifications(bytesOf(sample)));
    }
  });

  it('tell a time each, also where a minute overflows', () => {
    for (const sample of files) {
      for (const text of [sample.expected.currentTime, sample.expected.terminationTime]) {
        if (text !== undefined) expect(parseDateTime(text)).not.toBeNull();
      }
    }
    const { currentTime, terminationTime } = readNotifications(
      bytesOf(sampleNamed('zeep-invalid-termination-minute.xml')),
    );
    expect(terminationTime).toBe('2024-08-17T00:61:16Z');
    expect(parseDateTime(terminationTime)! - parseDateTime(currentTime)!).toBe(300_000);
  });

  it('without an address are pulled from the event service', async () => {
    const point = await createPullPointFrom(bytesOf(sampleNamed('zeep-create-missing-address.xml')));
    expect(point.reference).toEqual({ address: '', referenceParameters: [] });
    expect(point.lease.remaining()).toBeGreaterThan(0);
  });

  it('of GetServices give all services, also the one whose prefix nobody declared', () => {
    const bytes = bytesOf(sampleNamed('reolink-bullet.getservices.xml'));
    const services = readServices(child(child(parseXml(bytes), 'Body'), 'GetServicesResponse')!);
    expect(services).toHaveLength(bytes.toString().split('<tds:Service>').length - 1);
    for (const { namespace, address, version } of services) {
      expect(namespace).toMatch(/^http:\/\/www\.onvif\.org\//);
      expect(address).toMatch(/^http:\/\//);
      expect(version).toMatch(/^\d+\.\d+$/);
    }
    const analytics = services.find(({ namespace }) => namespace === 'http://www.onvif.org/ver20/analytics/wsdl');
    expect(analytics?.capabilities).toMatchObject({ RuleSupport: 'true', RuleOptionsSupported: 'false' });
  });
});

function sampleNamed(file: string): Sample {
  const found = files.find((sample) => sample.file === file);
  if (found === undefined) throw new Error(`the sample ${file} is not in index.json`);
  return found;
}
