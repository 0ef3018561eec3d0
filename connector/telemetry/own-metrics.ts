/** What a metric is, to Prometheus and to the reader of docs/metrics.md. */
export interface MetricFact {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

function fact(type: MetricFact['type'], name: string, labels: readonly string[], help: string): MetricFact {
  return { name, type, help, labels };
}

/**
 * The metrics that no topic makes, of the connector and of its contact with the devices (contract section 8). `device` and `sink`
 * are the ids of the configuration, `reason` is one of a closed list; never a topic, a person or free text.
 */
export const OWN_METRICS = {
  buildInfo: fact(
    'gauge',
    'onvif_connector_build_info',
    ['version', 'nodejs'],
    'Version of the connector and of Node.js; always 1',
  ),
  received: fact('counter', 'onvif_connector_events_received_total', ['device'], 'Notifications read from devices'),
  gaps: fact(
    'counter',
    'onvif_connector_gaps_total',
    ['device', 'reason'],
    'Intervals in which loss was possible; each is a gap record too',
  ),
  deviceErrors: fact(
    'counter',
    'onvif_connector_device_errors_total',
    ['device', 'reason'],
    'What went wrong with a device and cost no data',
  ),
  published: fact('counter', 'onvif_connector_events_published_total', ['sink'], 'Records a sink acknowledged'),
  publishErrors: fact('counter', 'onvif_connector_publish_errors_total', ['sink', 'reason'], 'Failures of a sink'),
  deadLetters: fact(
    'counter',
    'onvif_connector_dead_letters_total',
    ['sink'],
    'Records a sink can never take; they are kept beside the spool',
  ),
  lastDeadLetter: fact(
    'gauge',
    'onvif_connector_last_dead_letter_timestamp_seconds',
    ['sink'],
    'When a record was last put into the dead letters',
  ),
  delivery: fact(
    'histogram',
    'onvif_connector_delivery_seconds',
    ['sink'],
    "Time from reading the device's answer to the sink's acknowledgement",
  ),
  sinkUp: fact('gauge', 'onvif_connector_sink_up', ['sink'], '1 while the sink is connected'),
  oldestAge: fact(
    'gauge',
    'onvif_connector_spool_oldest_age_seconds',
    ['sink'],
    'Age of the oldest record a sink has not delivered; 0 where nothing waits',
  ),
  spoolRecords: fact('gauge', 'onvif_connector_spool_records', [], 'Records in the spool'),
  spoolBytes: fact('gauge', 'onvif_connector_spool_bytes', [], 'Bytes of the records in the spool'),
  spoolMaxBytes: fact('gauge', 'onvif_connector_spool_max_bytes', [], 'Bytes the spool may hold (spool.maxBytes)'),
  spoolHolding: fact(
    'gauge',
    'onvif_connector_spool_holding',
    [],
    '1 while the spool is full and devices are not asked for more',
  ),
  notifyStored: fact(
    'counter',
    'onvif_connector_notify_stored_total',
    [],
    'Notify requests of devices that send by themselves, stored and answered with 200',
  ),
  notifyRefused: fact(
    'counter',
    'onvif_connector_notify_refused_total',
    ['reason'],
    'Notify requests turned away: nobody there to store them, or too many (busy); for no subscription of ours (unknown); not from the device (foreign)',
  ),
  leftOut: fact(
    'gauge',
    'onvif_connector_tokens_left_out',
    ['device'],
    'Tokens of the device that have no series of their own, since there are more than 64 of their kind or they are too long',
  ),
  deviceUp: fact('gauge', 'onvif_device_up', ['device'], '1 while the subscription to the device lives'),
  unauthorized: fact('gauge', 'onvif_device_unauthorized', ['device'], '1 while the device refuses the login'),
  deviceInfo: fact(
    'gauge',
    'onvif_device_info',
    ['device', 'name', 'manufacturer', 'model', 'firmware', 'serial', 'site'],
    'Identity of the device, name and site of the configuration; always 1',
  ),
  epoch: fact('gauge', 'onvif_device_subscription_epoch', ['device'], 'Subscriptions made to the device so far'),
  skew: fact('gauge', 'onvif_device_clock_skew_seconds', ['device'], "The device's clock minus ours"),
  lastEvent: fact('gauge', 'onvif_device_last_event_timestamp_seconds', ['device'], 'When an event last came'),
  lastGap: fact('gauge', 'onvif_device_last_gap_timestamp_seconds', ['device'], 'When a gap was last told'),
  pull: fact(
    'histogram',
    'onvif_device_pull_duration_seconds',
    ['device'],
    'Time a PullMessages answer took, waiting for events included',
  ),
} as const satisfies Readonly<Record<string, MetricFact>>;
