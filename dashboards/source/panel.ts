/** A query of a panel and how its series are named. */
export interface Target {
  readonly expr: string;
  /** `{{label}}` stands for a label's value. */
  readonly legend?: string;
}

export interface Mapped {
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

export interface PanelOptions {
  readonly title: string;
  readonly description: string;
  /** A unit of Grafana: s, bytes, percentunit, celsius, short, … */
  readonly unit: string;
  readonly targets: readonly Target[];
  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  /** Colour from each value on; the first value is of no importance. */
  readonly steps?: readonly (readonly [from: number, color: string])[];
  readonly mappings?: readonly Mapped[];
}

/** A panel as Grafana has it; the dashboard gives it its id and its place. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly body: Readonly<Record<string, unknown>>;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own
export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** 1 is bad. */
export const BAD: readonly Mapped[] = [
  { value: 0, text: 'ok', color: 'green' },
  { value: 1, text: 'fault', color: 'red' },
];

/** Lines over time. */
export function timeSeries(options: PanelOptions & { readonly stacked?: boolean }): Panel {
  const { stacked = false } = options;
  return panel('timeseries', options, {
    custom: {
      ...{ drawStyle: 'line', lineWidth: 1, fillOpacity: stacked ? 30 : 10, showPoints: 'never', spanNulls: false },
      stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'], showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  });
}

/** One number, or one for each series, as it is now. */
export function stat(options: PanelOptions): Panel {
  return panel(
    'stat',
    { height: 4, ...options },
    {
      options: {
        ...{ colorMode: 'value', graphMode: 'none', justifyMode: 'auto', textMode: 'auto', orientation: 'auto' },
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      },
      instant: true,
    },
  );
}

/** States over time, a row for each series. */
export function stateTimeline(options: PanelOptions): Panel {
  return panel('state-timeline', options, {
    custom: { lineWidth: 0, fillOpacity: 80 },
    options: {
      ...{ mergeValues: true, showValue: 'auto', alignValue: 'left', rowHeight: 0.9 },
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false },
      tooltip: { mode: 'single', sort: 'none' },
    },
  });
}

/** Bars, the longest first. */
export function barGauge(options: PanelOptions): Panel {
  return panel('bargauge', options, {
    options: {
      ...{ displayMode: 'basic', orientation: 'horizontal', showUnfilled: true, valueMode: 'color' },
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
    instant: true,
  });
}

/** A column of a table: a label of the queries, or the value of one. */
export interface Column {
  /** Name of a label; or `#A`, the value of the first query, and so on. */
  readonly of: string;
  readonly name: string;
  readonly unit?: string;
  readonly mappings?: readonly Mapped[];
  readonly steps?: PanelOptions['steps'];
}

/** Rows of instant queries that have labels in common; columns in the order given, the others hidden. */
export function table(
  options: PanelOptions & { readonly columns: readonly Column[]; readonly hidden: readonly string[] },
): Panel {
  const { columns, hidden } = options;
  const field = ({ of }: Column) => (of.startsWith('#') ? `Value ${of}` : of);
  const properties = ({ unit, mappings, steps }: Column) => [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(mappings === undefined ? [] : [{ id: 'mappings', value: [mapping(mappings)] }]),
    ...(steps === undefined ? [] : [{ id: 'thresholds', value: thresholds(steps) }]),
    ...(mappings === undefined && steps === undefined
      ? []
      : [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]),
  ];
  const overrides = columns
    .filter((column) => properties(column).length > 0)
    .map((column) => ({ matcher: { id: 'byName', options: column.name }, properties: properties(column) }));
  return panel('table', options, {
    overrides,
    custom: { align: 'auto', filterable: true },
    options: { showHeader: true, cellHeight: 'sm', footer: { show: false, reducer: ['sum'], fields: '' } },
    instant: true,
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
          indexByName: Object.fromEntries(columns.map((column, index) => [field(column), index])),
          renameByName: Object.fromEntries(columns.map((column) => [field(column), column.name])),
        },
      },
    ],
  });
}

interface Looks {
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Asks for the value of now alone. */
  readonly instant?: boolean;
  readonly transformations?: readonly unknown[];
}

function panel(type: string, of: PanelOptions, looks: Looks): Panel {
  const { title, description, unit, width, height = 8, min, max, mappings = [], steps = [[0, 'green']] } = of;
  const { custom = {}, overrides = [], options, instant = false, transformations } = looks;
  const targets = of.targets.map(({ expr, legend = '__auto' }, index) => ({
    ...{ datasource: DATA_SOURCE, expr, legendFormat: legend, refId: String.fromCharCode(65 + index) },
    ...(type === 'table' ? { format: 'table' } : {}),
    ...(instant ? { instant: true, range: false } : { instant: false, range: true }),
  }));
  const defaults = {
    ...{ unit, custom, thresholds: thresholds(steps), mappings: mappings.length === 0 ? [] : [mapping(mappings)] },
    color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
  const body = { title, description, datasource: DATA_SOURCE, targets, fieldConfig: { defaults, overrides }, options };
  return { type, title, width, height, body: transformations === undefined ? body : { ...body, transformations } };
}

function thresholds(steps: NonNullable<PanelOptions['steps']>) {
  return {
    mode: 'absolute',
    steps: steps.map(([value, color], index) => ({ color, value: index === 0 ? null : value })),
  };
}

function mapping(mappings: readonly Mapped[]) {
  const options = mappings.map(({ value, text, color }, index) => [String(value), { text, color, index }]);
  return { type: 'value', options: Object.fromEntries(options) };
}
