import { parse, stringify } from 'yaml';

interface PrometheusAlert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface PrometheusGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly PrometheusAlert[] }[];
}

/** The data source of provisioning/datasources. */
export const DATA_SOURCE_UID = 'prometheus';
/** Seconds that Grafana looks back for the last value. */
const LOOK_BACK = 600;

/** The alerts of a Prometheus rule file as Grafana's own, for its alerting provisioning. */
export function grafanaAlerts(rules: string): string {
  const { groups } = parse(rules) as PrometheusGroups;
  const provisioned = groups.map(({ name, rules }) => ({
    ...{ orgId: 1, name, folder: 'ONVIF connector', interval: '1m', rules: rules.map(grafanaRule) },
  }));
  const text = stringify({ apiVersion: 1, groups: provisioned }, { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Made from ../../prometheus/alerts.yaml (npm run dashboards): the same alerts, evaluated by Grafana. The recording rules of\n# ../../prometheus/rules.yaml must be loaded into Prometheus.\n${text}`;
}

/**
 * A Prometheus alert fires for each series that its expression gives, whatever the value; Grafana asks for a condition: that there
 * is a value.
 */
function grafanaRule({ alert, expr, for: pending = '0s', labels, annotations }: PrometheusAlert) {
  const expression = (refId: string, queryType: string, model: object) => ({
    ...{ refId, queryType, relativeTimeRange: { from: 0, to: 0 }, datasourceUid: '__expr__' },
    model: { refId, type: queryType, datasource: { type: '__expr__', uid: '__expr__' }, ...model },
  });
  const exists = 'is_number($query) || is_nan($query) || is_inf($query)';
  return {
    uid: alert.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase(),
    title: alert,
    condition: 'threshold',
    data: [
      {
        refId: 'query',
        relativeTimeRange: { from: LOOK_BACK, to: 0 },
        datasourceUid: DATA_SOURCE_UID,
        model: {
          refId: 'query',
          datasource: { type: 'prometheus', uid: DATA_SOURCE_UID },
          expr,
          instant: true,
          range: false,
        },
      },
      expression('exists', 'math', { expression: exists }),
      expression('threshold', 'threshold', {
        expression: 'exists',
        conditions: [{ evaluator: { type: 'gt', params: [0] } }],
      }),
    ],
    // No series is what a Prometheus alert gives when all is well.
    ...{ noDataState: 'OK', execErrState: 'Error', for: pending },
    labels,
    // Grafana's $value is a text of all values.
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, text]) => [name, text.replace(/\$value\b/g, '$values.query.Value')]),
    ),
  };
}
