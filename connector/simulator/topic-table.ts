import { NS } from './namespaces.ts';
import { ownTopicLevels } from './topic-path.ts';

/** One item of a message description; `type` is a prefixed name as it is written into the TopicSet. */
export interface DescribedItem {
  readonly name: string;
  readonly type: string;
  readonly element: boolean;
}

/** Core 9.4.3: a topic a device may send, with its message description. */
export interface TopicEntry {
  readonly topic: string;
  readonly isProperty: boolean;
  readonly source: readonly DescribedItem[];
  readonly key: readonly DescribedItem[];
  readonly data: readonly DescribedItem[];
}

/** Items as `Name prefix:Type`, separated by commas; `<Name prefix:Type>` is an ElementItem. */
function items(text: string): DescribedItem[] {
  if (text === '') return [];
  return text.split(',').map((item) => {
    const element = item.trim().startsWith('<');
    const [name = '', type = ''] = item.replace(/[<>]/g, '').trim().split(' ');
    return { name, type, element };
  });
}

function property(topic: string, source: string, data: string): TopicEntry {
  return { topic, isProperty: true, source: items(source), key: [], data: items(data) };
}

function event(topic: string, source: string, data: string): TopicEntry {
  return { topic, isProperty: false, source: items(source), key: [], data: items(data) };
}

const POINT = 'AccessPointToken pt:ReferenceToken';
const DOOR = 'DoorToken pt:ReferenceToken';
const CREDENTIAL = 'CredentialToken pt:ReferenceToken, CredentialHolderName xsd:string';
const IDENTIFIER = 'IdentifierType xsd:string, FormatType xsd:string, IdentifierValue xsd:hexBinary';

/** Device and monitoring topics every simulated device has (Core 8.9, Device IO 5.10). */
const COMMON: readonly TopicEntry[] = [
  property('tns1:Monitoring/ProcessorUsage', 'Token tt:ReferenceToken', 'Value xsd:float'),
  property('tns1:Monitoring/LinkStatus', 'Token tt:ReferenceToken', '<Link tt:NetworkInterfaceConnectionSetting>'),
  property('tns1:Monitoring/OperatingTime/LastReset', '', 'Status xsd:dateTime'),
  property('tns1:Monitoring/OperatingTime/LastReboot', '', 'Status xsd:dateTime'),
  property('tns1:Monitoring/OperatingTime/LastClockSynchronization', '', 'Status xsd:dateTime'),
  property('tns1:Monitoring/EnvironmentalConditions/Temperature', '', 'Status xsd:float'),
  property('tns1:Device/Trigger/DigitalInput', 'InputToken tt:ReferenceToken', 'LogicalState xsd:boolean'),
  property('tns1:Device/Trigger/Relay', 'RelayToken tt:ReferenceToken', 'LogicalState tt:RelayLogicalState'),
  event('tns1:Device/OperationMode/ShutdownInitiated', '', ''),
  property('tns1:Device/acme:Cabinet/Opened', 'CabinetToken tt:ReferenceToken', 'Opened xsd:boolean'),
];

/** Quirk log-flood. */
export const LOG_TOPIC = 'tns1:Device/acme:Logs';

/** Access Control 6.3-6.9, Door Control 6.2, Core 8.9.6. */
export const ACCESS_CONTROLLER_TOPICS: readonly TopicEntry[] = [
  ...COMMON,
  property('tns1:Monitoring/BatteryCapacity', '', 'PercentageRemainingCapacity xsd:float'),
  property('tns1:Door/State/DoorMode', DOOR, 'State tdc:DoorMode'),
  property('tns1:Door/State/DoorPhysicalState', DOOR, 'State tdc:DoorPhysicalState'),
  property('tns1:Door/State/LockPhysicalState', DOOR, 'State tdc:LockPhysicalState'),
  property('tns1:Door/State/DoorAlarm', DOOR, 'State tdc:DoorAlarmState'),
  property('tns1:Door/State/DoorTamper', DOOR, 'State tdc:DoorTamperState'),
  property('tns1:Door/State/DoorFault', DOOR, 'State tdc:DoorFaultState, Reason xsd:string'),
  property('tns1:AccessPoint/State/Enabled', POINT, 'State xsd:boolean'),
  event('tns1:AccessControl/AccessGranted/Anonymous', POINT, 'External xsd:boolean'),
  event('tns1:AccessControl/AccessGranted/Credential', POINT, `External xsd:boolean, ${CREDENTIAL}`),
  event('tns1:AccessControl/AccessTaken/Credential', POINT, CREDENTIAL),
  event('tns1:AccessControl/AccessNotTaken/Credential', POINT, CREDENTIAL),
  event('tns1:AccessControl/Denied/Credential', POINT, `External xsd:boolean, ${CREDENTIAL}, Reason xsd:string`),
  event('tns1:AccessControl/Denied/CredentialNotFound', POINT, IDENTIFIER),
  event('tns1:AccessControl/Duress', POINT, `${CREDENTIAL}, Reason xsd:string`),
  event(
    'tns1:Credential/State/Enabled',
    'CredentialToken pt:ReferenceToken',
    'State xsd:boolean, Reason xsd:string, ClientUpdated xsd:boolean',
  ),
  event('tns1:Configuration/Door/Changed', DOOR, ''),
];

const MOTION_SOURCE =
  'VideoSourceConfigurationToken tt:ReferenceToken, VideoAnalyticsConfigurationToken tt:ReferenceToken, Rule xsd:string';

/** Analytics annex B.1, Imaging 5.5.1-5.5.2. */
export const CAMERA_TOPICS: readonly TopicEntry[] = [
  ...COMMON,
  property('tns1:RuleEngine/CellMotionDetector/Motion', MOTION_SOURCE, 'IsMotion xsd:boolean'),
  property('tns1:VideoSource/MotionAlarm', 'Source tt:ReferenceToken', 'State xsd:boolean'),
  property('tns1:VideoSource/SignalLoss', 'Source tt:ReferenceToken', 'State xsd:boolean'),
  event(
    'tns1:RuleEngine/LineDetector/Crossed',
    'VideoSource tt:ReferenceToken, Rule xsd:string',
    'ObjectId tt:StringList',
  ),
  event('acme:Analytics/Loitering', 'Zone xsd:string', 'Seconds xsd:int, Score xsd:float'),
];

interface TopicNode {
  readonly name: string;
  readonly children: Map<string, TopicNode>;
  entry: TopicEntry | null;
}

/** Odd ways to write a TopicSet, all of them quirks. */
export interface TopicSetStyle {
  /** No flags, no descriptions. */
  readonly bare: boolean;
  /** A root element for each topic. */
  readonly repeatedRoots: boolean;
  /** Every ancestor is flagged; xs: and xsd: for one namespace. */
  readonly flagEverywhere: boolean;
}

/**
 * Core 9.6.2 and 9.7: the wstop:TopicSet of these topics. Root elements are namespaced, children are not, except
 * where a level belongs to another namespace. `style` has the quirks.
 */
export function topicSetText(topics: readonly TopicEntry[], style: TopicSetStyle): string {
  const declared = `xmlns:pt="${NS.pt}" xmlns:tdc="${NS.tdc}" xmlns:acme="${NS.vendor}" xmlns:xs="${NS.xsd}"`;
  const trees = style.repeatedRoots ? topics.map((entry) => treeOf([entry])) : [treeOf(topics)];
  return `<wstop:TopicSet ${declared}>${trees.map((roots) => nodesText(roots, style)).join('')}</wstop:TopicSet>`;
}

function treeOf(topics: readonly TopicEntry[]): Map<string, TopicNode> {
  const roots = new Map<string, TopicNode>();
  for (const entry of topics) {
    let level = roots;
    let node: TopicNode | undefined;
    for (const name of entry.topic.split('/')) {
      node = level.get(name) ?? { name, children: new Map(), entry: null };
      level.set(name, node);
      level = node.children;
    }
    if (node) node.entry = entry;
  }
  return roots;
}

function nodesText(nodes: Map<string, TopicNode>, style: TopicSetStyle): string {
  let text = '';
  for (const { name, children, entry } of nodes.values()) {
    const flag = (entry || style.flagEverywhere) && !style.bare ? ' wstop:topic="true"' : '';
    const described = entry && !style.bare ? descriptionText(entry) : '';
    const description = style.flagEverywhere ? described.replace(/xsd:(boolean|float)/, 'xs:$1') : described;
    text += `<${name}${flag}>${description}${nodesText(children, style)}</${name}>`;
  }
  return text;
}

/** Core 9.4.3 Message Description Language. */
function descriptionText(entry: TopicEntry): string {
  const group = (name: string, described: readonly DescribedItem[]) => {
    if (described.length === 0) return '';
    const one = (item: DescribedItem) =>
      `<tt:${item.element ? 'Element' : 'Simple'}ItemDescription Name="${item.name}" Type="${item.type}"/>`;
    const ordered = [...described].sort((a, b) => Number(a.element) - Number(b.element));
    return `<tt:${name}>${ordered.map(one).join('')}</tt:${name}>`;
  };
  const isProperty = entry.isProperty ? ' IsProperty="true"' : '';
  return `<tt:MessageDescription${isProperty}>${group('Source', entry.source)}${group('Key', entry.key)}${group('Data', entry.data)}</tt:MessageDescription>`;
}

/** The levels of every topic of the table, for filters that name none of them. */
export function levelsOf(topics: readonly TopicEntry[]): readonly (readonly string[])[] {
  return topics.map((entry) => ownTopicLevels(entry.topic));
}
