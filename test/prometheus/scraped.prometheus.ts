import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { OWN_METRICS } from '../../connector/telemetry/own-metrics.ts';
import { TOPIC_METRIC_HELP } from '../../connector/telemetry/topic-metrics.ts';
import { DASHBOARDS } from '../../dashboards/source/dashboards.ts';
import { askingPanels, dashboardFile, projectFile, projectText, selectorsOf } from './dashboard-file.ts';
import { type ObservedSite, startObservedSite } from './observed-site.ts';
import { type PrometheusServer, prometheusAvailable, promtool, startPrometheus } from './prometheus-server.ts';

const RULES = ['rules.yaml', 'alerts.yaml'].map((file) => projectFile(`dashboards/prometheus/${file}`));
/** For data to come that are not there yet, all in all; what has none by then has none. */
const PATIENCE_MS = 60_000;
/** Scrapes come every second; Grafana would choose four of them. */
const VARIABLES: Readonly<Record<string, string>> = {
  __rate_interval: '10s',
  __range: '1m',
  job: '.+',
  instance: '.+',
  site: '.*',
  sink: '.+',
};

let site: ObservedSite;
let prometheus: PrometheusServer;
let deadline: number;

const run = describe.runIf(prometheusAvailable());

/** The query as Grafana sends it with All chosen; of devices where only one can be, the lobby. */
function asked(expr: string, device = '.+'): string {
  return expr.replace(/\$(\w+)/g, (_, name: string) => (name === 'device' ? device : VARIABLES[name]!));
}

/** What `query` finds; waits for something to be found, as long as anything is waited for. */
async function found(expr: string) {
  const timeout = Math.max(1_000, deadline - Date.now());
  return vi.waitFor(
    async () => {
      const samples = await prometheus.query(expr);
      expect(samples.filter(({ value }) => value[1] !== 'NaN').length, `nothing at ${expr}`).toBeGreaterThan(0);
      return samples;
    },
    { timeout, interval: 500 },
  );
}

run('a connector that a real Prometheus scrapes', () => {
  beforeAll(async () => {
    site = await startObservedSite();
    prometheus = await startPrometheus(site.target, RULES);
    deadline = Date.now() + PATIENCE_MS;
    await found('onvif_device_up{device="lobby"} == 1 and on () onvif_device_up{device="gate"} == 1');
    site.raiseEvents();
    const scraped = (text: string) => vi.waitFor(async () => expect(await site.scrape()).toContain(text), 10_000);
    await scraped('onvif_device_authentication_failures_total{');
    // An outage, and with it a gap.
    site.device('lobby').line.refuse(2_000);
    await scraped('onvif_device_up{device="lobby"} 0');
  });
  afterAll(async () => {
    await prometheus?.close();
    await site?.close();
  });

  describe.each(Object.keys(DASHBOARDS))('dashboard %s', dashboardTests);
  describe('metrics and rules', ruleTests);
  describe('metrics over time', lifeTests);
});

function dashboardTests(name: string): void {
  const dashboard = dashboardFile(name);
  const queries = askingPanels(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ refId, expr }) => [`${title} ${refId}`, expr] as const),
  );
  const oneDevice = dashboard.templating.list.some((variable) => variable.name === 'device' && !variable.multi);

  it.each(queries)('%s has data', async (_, expr) => {
    await found(asked(expr, oneDevice ? 'lobby' : undefined));
  });

  it('has something to choose from for each variable', async () => {
    for (const { name: variable, query } of dashboard.templating.list) {
      if (typeof query === 'string') continue;
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(asked(query.query))!;
      const values = new Set((await prometheus.series(selector!)).map((series) => series[label!]));
      expect(values.size, variable).toBeGreaterThan(0);
      expect([...values], variable).not.toContain(undefined);
    }
  });
}

function ruleTests(): void {
  it.each([...Object.values(OWN_METRICS).map((fact) => fact.name), ...Object.keys(TOPIC_METRIC_HELP)])(
    '%s has a series',
    async (name) => {
      const isHistogram = Object.values(OWN_METRICS).some((fact) => fact.name === name && fact.type === 'histogram');
      await found(isHistogram ? `${name}_bucket` : name);
    },
  );

  it('has no trouble with any rule', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(35);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    for (const { name, type } of rules) if (type === 'recording') await found(name);
  });

  it('has series for every selector of every alert', async () => {
    const { groups } = parse(projectText('dashboards/prometheus/alerts.yaml'));
    const alerts = groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules);
    for (const { expr } of alerts as { expr: string }[])
      for (const { name, matchers } of selectorsOf(expr)) await found(`${name}${matchers}`);
  });

  it.each([
    ['OnvifHardwareFailure', 'device="lobby", name="The lobby", site="hq", component="fan", severity="critical"'],
    ['OnvifDoorForcedOpen', 'device="lobby", token="Door_1", severity="critical"'],
    ['OnvifEventGap', 'device="lobby"'],
    ['OnvifDeadLetters', 'sink="small"'],
  ])('fires %s', async (alert, labels) => {
    await found(`ALERTS{alertname="${alert}", alertstate="firing", ${labels}}`);
  });

  it('satisfies promtool: names, units, help, rules and what they say', async () => {
    expect(await promtool(['check', 'metrics'], await site.scrape())).toEqual({ code: 0, said: '' });
    expect(await promtool(['check', 'rules', ...RULES])).toMatchObject({ code: 0 });
    const tests = await promtool(['test', 'rules', projectFile('dashboards/prometheus/alerts.test.yaml')]);
    expect(tests.code, tests.said).toBe(0);
  });

  it('names no person, card or vendor text in any label', async () => {
    expect(await site.scrape()).not.toMatch(/Holder|Credential(Token|Holder)|IdentifierValue/);
  });
}

function lifeTests(): void {
  it('knows after a restart what a device told before, though it is away', async () => {
    const states = async () => (await site.scrape()).match(/^onvif_(door|access_point)_\w+\{device="lobby".*$/gm) ?? [];
    const calm = (text: readonly string[]) => text.filter((line) => !line.includes('_total')).sort();
    site.device('lobby').line.refuse(600_000);
    const before = await vi.waitFor(async () => {
      expect(await site.scrape()).toContain('onvif_device_up{device="lobby"} 0');
      return calm(await states());
    });
    expect(before.length).toBeGreaterThan(20);
    await site.restart();
    await vi.waitFor(async () => expect(calm(await states())).toEqual(before), { timeout: 10_000 });
    const text = await site.scrape();
    expect(text).toContain('onvif_device_up{device="lobby"} 0');
    expect(text).toMatch(/onvif_device_info\{device="lobby",name="The lobby",manufacturer="[^"]+"/);
    expect(text).toMatch(/onvif_device_last_event_timestamp_seconds\{device="lobby"\} \d{10}/);
  });

  it('has nothing left of a device that was taken out of the configuration', async () => {
    await site.remove('lobby');
    await vi.waitFor(async () => expect(await site.scrape()).not.toContain('"lobby"'), { timeout: 15_000 });
  });
}
