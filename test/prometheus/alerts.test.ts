import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { OWN_METRICS } from '../../connector/telemetry/own-metrics.ts';
import { TOPIC_METRIC_HELP } from '../../connector/telemetry/topic-metrics.ts';
import { projectText, selectorsOf } from './dashboard-file.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const rulesOf = (file: string) =>
  (parse(projectText(`dashboards/prometheus/${file}`)) as RuleFile).groups.flatMap(({ rules }) => rules);
const alerts = rulesOf('alerts.yaml');
const recorded = rulesOf('rules.yaml');

describe.each(alerts.map((alert) => [alert.alert!, alert] as const))(
  'alert %s',
  (name, { expr, labels, annotations }) => {
    it('says how urgent it is, what happened, and where to read on', () => {
      expect(['critical', 'warning', 'info']).toContain(labels?.severity);
      expect(annotations?.summary).toMatch(/^[A-Z{]/);
      expect(annotations?.description).toMatch(/^[A-Z{].*\.$/s);
      expect(annotations?.runbook_url).toMatch(new RegExp(`/docs/runbooks\\.md#${name.toLowerCase()}$`));
    });

    it('has a page in the runbooks: what it means, why, what to do', () => {
      const [, page = ''] =
        new RegExp(`^### ${name}\\n(.*?)(?=\\n##|(?![^]))`, 'ms').exec(projectText('docs/runbooks.md')) ?? [];
      expect(page).toMatch(/\*\*Symptom\*\*.*\*\*Cause\*\*.*\*\*Do\*\*/s);
    });

    it('has a test of its own', () => {
      const { tests } = parse(projectText('dashboards/prometheus/alerts.test.yaml'));
      const [test] = tests.filter((each: { name: string }) => each.name === name);
      const fires = test?.alert_rule_test.map((each: { exp_alerts: unknown[] }) => each.exp_alerts.length);
      expect(fires).toEqual([0, 1]);
    });

    it('asks for metrics that exist', () => {
      const ours = [...Object.values(OWN_METRICS).map((fact) => fact.name), ...Object.keys(TOPIC_METRIC_HELP)];
      const known = new Set([...ours, ...recorded.map(({ record }) => record)]);
      for (const { name: metric } of selectorsOf(expr))
        if (/onvif/.test(metric)) expect([...known], expr).toContain(metric);
    });
  },
);

describe('the runbooks', () => {
  it('have no page that no alert leads to', () => {
    const pages = [...projectText('docs/runbooks.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(pages).toEqual(alerts.map(({ alert }) => alert));
  });
});
