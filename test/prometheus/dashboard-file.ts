import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant: boolean;
  readonly datasource: { readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: { readonly uid: string };
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: string;
  readonly refresh: number;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const projectText = (path: string): string => readFileSync(projectFile(path), 'utf8');

/** A dashboard as it is shipped. */
export function dashboardFile(name: string): Dashboard {
  return JSON.parse(projectText(`dashboards/grafana/${name}.json`));
}

/** The panels that ask something. */
export function askingPanels({ panels }: Dashboard): readonly (Panel & { readonly targets: readonly Target[] })[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? [] : [{ ...panel, targets: panel.targets ?? [] }]));
}

/** Words of PromQL that stand where a metric could. */
const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'by',
  'without',
  'group_left',
  'group_right',
  'bool',
  'offset',
]);

/** Every selector of a PromQL expression: name and matchers. Names of labels in groupings are none. */
export function selectorsOf(expr: string): readonly { readonly name: string; readonly matchers: string }[] {
  const text = expr
    .replace(/\b(on|ignoring|by|without|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]|\boffset\s+\w+/g, '');
  return [...text.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{(?:[^}"]|"[^"]*")*\})?(\s*\()?/g)].flatMap(
    ([, name, matchers = '', call]) => (call !== undefined || KEYWORDS.has(name!) ? [] : [{ name: name!, matchers }]),
  );
}
