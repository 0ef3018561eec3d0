import { DATA_SOURCE, type Panel } from './panel.ts';
import { OURS } from './query.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface DashboardOptions {
  /** Stable: links and bookmarks hold it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

export type Variable = Readonly<Record<string, unknown>>;

/** A variable whose values are those of a label. `all`: what All stands for; where missing there is one choice at a time. */
function labelVariable(name: string, label: string, series: string, all: string | undefined): Variable {
  const query = `label_values(${series}, ${name})`;
  const choice =
    all === undefined
      ? { multi: false, includeAll: false, current: {} }
      : { multi: true, includeAll: true, allValue: all, current: { selected: true, text: ['All'], value: ['$__all'] } };
  return {
    ...{ name, label, type: 'query', datasource: DATA_SOURCE, definition: query, query: { query, refId: name } },
    // On a change of the time range: what is gone by then is not offered.
    ...{ refresh: 2, sort: 1, regex: '', hide: 0, options: [] },
    ...choice,
  };
}

/** In every dashboard: where from, and which connectors. */
const COMMON: readonly Variable[] = [
  {
    ...{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', regex: '', hide: 0 },
    ...{ refresh: 1, multi: false, includeAll: false, options: [], current: {} },
  },
  labelVariable('job', 'Job', 'onvif_connector_build_info', '.+'),
  labelVariable('instance', 'Instance', 'onvif_connector_build_info{job=~"$job"}', '.+'),
];

export const SITE = labelVariable('site', 'Site', `onvif_device_info{${OURS}}`, '.*');
export const DEVICES = labelVariable('device', 'Device', `onvif_device_info{${OURS}, site=~"$site"}`, '.+');
export const ONE_DEVICE = labelVariable('device', 'Device', `onvif_device_info{${OURS}, site=~"$site"}`, undefined);
export const SINKS = labelVariable('sink', 'Sink', `onvif_connector_sink_up{${OURS}}`, '.+');

const COLUMNS = 24;

/** The dashboard as Grafana's JSON: rows one below the other, panels side by side as far as they fit. */
export function dashboardJson({ uid, title, description, variables, rows }: DashboardOptions): string {
  const panels: unknown[] = [];
  let y = 0;
  const add = (type: string, at: { x: number; y: number; w: number; h: number }, body: object) =>
    panels.push({ id: panels.length + 1, type, gridPos: at, ...body });
  for (const row of rows) {
    add('row', { x: 0, y, w: COLUMNS, h: 1 }, { title: row.title, collapsed: false, panels: [] });
    y += 1;
    let [x, lineHeight] = [0, 0];
    for (const { type, width: w, height: h, body } of row.panels) {
      if (x + w > COLUMNS) {
        y += lineHeight;
        [x, lineHeight] = [0, 0];
      }
      add(type, { x, y, w, h }, body);
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  const link = {
    ...{ title: 'ONVIF', type: 'dashboards', tags: ['onvif'], asDropdown: true, includeVars: true, keepTime: true },
    ...{ icon: 'external link', targetBlank: false, tooltip: '', url: '' },
  };
  const dashboard = {
    ...{ uid, title, description, tags: ['onvif'], editable: false, graphTooltip: 1, schemaVersion: 39, version: 1 },
    ...{
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      timezone: 'browser',
      fiscalYearStartMonth: 0,
      weekStart: '',
    },
    ...{
      timepicker: {},
      annotations: { list: [] },
      links: [link],
      templating: { list: [...COMMON, ...variables] },
      panels,
    },
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
