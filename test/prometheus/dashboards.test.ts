import { describe, expect, it } from 'vitest';
import { dashboardJson } from '../../dashboards/source/dashboard.ts';
import { DASHBOARDS } from '../../dashboards/source/dashboards.ts';
import { grafanaAlerts } from '../../dashboards/source/grafana-alerts.ts';
import { askingPanels, type Dashboard, projectFile, projectText, selectorsOf } from './dashboard-file.ts';

const CHOSEN = /^\$\{datasource\}$/;
/** Units of Grafana that are in use here. */
const UNITS = ['short', 's', 'bytes', 'Bps', 'percentunit', 'celsius', 'cps', 'reqps'];

describe('the files Grafana is given', () => {
  it.each(Object.keys(DASHBOARDS))('%s.json is what its source says (npm run dashboards)', async (name) => {
    await expect(dashboardJson(DASHBOARDS[name]!)).toMatchFileSnapshot(projectFile(`dashboards/grafana/${name}.json`));
  });

  it('alerts are those of Prometheus (npm run dashboards)', async () => {
    const file = projectFile('dashboards/provisioning/alerting/onvif-connector.yaml');
    await expect(grafanaAlerts(projectText('dashboards/prometheus/alerts.yaml'))).toMatchFileSnapshot(file);
  });
});

// The rules of Grafana's dashboard-linter, held here since it is no part of the toolchain.
describe.each(Object.keys(DASHBOARDS))('dashboard %s', (name) => {
  const dashboard: Dashboard = JSON.parse(dashboardJson(DASHBOARDS[name]!));
  const panels = askingPanels(dashboard);
  const targets = panels.flatMap((panel) => panel.targets.map((target) => ({ ...target, panel: panel.title })));
  const variable = (wanted: string) => dashboard.templating.list.find((each) => each.name === wanted);

  it('is not edited in Grafana, and has a stable uid and a pinned schema', () => {
    expect(dashboard).toMatchObject({
      editable: false,
      schemaVersion: 39,
      uid: expect.stringMatching(/^onvif-[a-z]+$/),
    });
  });

  it('chooses its data source by one variable', () => {
    const sources = dashboard.templating.list.filter(({ type }) => type === 'datasource');
    expect(sources).toEqual([
      expect.objectContaining({ name: 'datasource', label: 'Data source', query: 'prometheus' }),
    ]);
    for (const { datasource, title } of panels) expect(datasource?.uid, title).toMatch(CHOSEN);
    for (const { datasource, panel } of targets) expect(datasource.uid, panel).toMatch(CHOSEN);
  });

  it.each([
    ['job', 'Job'],
    ['instance', 'Instance'],
  ])('chooses by %s, one or several', (wanted, label) => {
    expect(variable(wanted)).toMatchObject({ type: 'query', label, multi: true, includeAll: true, allValue: '.+' });
  });

  it('has variables that follow the time range and ask the chosen data source', () => {
    const asking = dashboard.templating.list.filter(({ type }) => type === 'query');
    for (const { refresh, datasource } of asking) {
      expect(refresh).toBe(2);
      expect(datasource?.uid).toMatch(CHOSEN);
    }
    expect(asking.map((each) => each.name)).toContain(name === 'connector' ? 'sink' : 'site');
  });

  it('has panels with a title, a description, a unit and a query', () => {
    expect(panels.length).toBeGreaterThan(9);
    for (const { title, description, fieldConfig, targets: asked } of panels) {
      expect(title).not.toBe('');
      expect(description, title).toMatch(/^[A-Z].*\.$/);
      expect(UNITS, title).toContain(fieldConfig?.defaults.unit);
      expect(asked.length, title).toBeGreaterThan(0);
    }
  });

  it('has panels side by side, none on another, none twice', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('asks only for the chosen jobs and instances', () => {
    for (const { expr } of targets) {
      const selectors = selectorsOf(expr);
      expect(selectors.length, expr).toBeGreaterThan(0);
      for (const { matchers } of selectors) {
        expect(matchers, expr).toContain('job=~"$job"');
        expect(matchers, expr).toContain('instance=~"$instance"');
      }
    }
  });

  it('takes rates over the interval Grafana chooses, and of counters nothing else', () => {
    for (const { expr } of targets) {
      for (const [, fn, range] of expr.matchAll(/\b(\w+)\([\w:]+(?:\{[^}]*\})?\[([^\]]*)\]/g))
        expect(fn === 'increase' ? ['$__rate_interval', '$__range'] : ['$__rate_interval'], expr).toContain(range);
      const counters = expr.match(/\b\w+_total\b/g) ?? [];
      const ranged = expr.match(/\b(?:rate|increase)\(\w+_total\{[^}]*\}\[/g) ?? [];
      expect(ranged.length, expr).toBe(counters.length);
    }
  });
});
