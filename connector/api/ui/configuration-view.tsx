import { useMemo } from 'preact/hooks';
import { usePolled } from './use-polled.ts';
import { FaultNote, ViewHead } from './view-head.tsx';
import { type YamlLine, yamlLines } from './yaml-lines.ts';

export function ConfigurationView() {
  const { value: config, fault } = usePolled<unknown>('config', 30_000);
  const lines = useMemo(() => (config === undefined ? [] : yamlLines(config)), [config]);
  return (
    <>
      <ViewHead title="Configuration">
        <p class="hint">As it is in force, every default written out, secrets masked.</p>
      </ViewHead>
      <FaultNote fault={fault} />
      {lines.length > 0 && (
        <pre class="yaml">
          {lines.map((line, index) => (
            <Line key={index} line={line} />
          ))}
        </pre>
      )}
    </>
  );
}

function Line({ line: { indent, dash, key, value, kind } }: { line: YamlLine }) {
  return (
    <span>
      {' '.repeat(indent)}
      {dash}
      {key !== null && <span class="yaml-key">{key}:</span>}
      {value !== null && <span class={`yaml-${kind}`}>{key === null ? value : ` ${value}`}</span>}
      {'\n'}
    </span>
  );
}
