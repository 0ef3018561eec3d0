import { useState } from 'preact/hooks';
import type { DeviceReport, PlaygroundAnswer, PlaygroundMessage, PlaygroundOutput } from '../api-report.ts';
import { post } from './api-client.ts';
import { Icon } from './icon.tsx';
import { SAMPLES } from './samples.ts';
import { usePolled } from './use-polled.ts';
import { EmptyNote, ViewHead } from './view-head.tsx';

interface Played {
  readonly answer?: PlaygroundAnswer;
  readonly fault?: string;
}

export function PlaygroundView() {
  const { value: devices = [] } = usePolled<readonly DeviceReport[]>('devices', 30_000);
  const [input, setInput] = useState<string>(SAMPLES[0].text);
  const [device, setDevice] = useState('');
  const [played, setPlayed] = useState<Played | null>(null);
  const run = async () => {
    const answer = await post<PlaygroundAnswer>('playground', { input, ...(device !== '' && { device }) });
    setPlayed('value' in answer ? { answer: answer.value } : { fault: answer.fault.detail });
  };
  return (
    <>
      <ViewHead title="Mapping playground">
        <p class="hint">What every mapping makes of an event. Nothing is published or stored.</p>
      </ViewHead>
      <div class="playground">
        <form
          class="panel"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <div class="row">
            <select
              aria-label="As an event of"
              value={device}
              onChange={(event) => setDevice(event.currentTarget.value)}
            >
              <option value="">as the first device's</option>
              {devices.map(({ id }) => (
                <option key={id} value={id}>
                  as an event of {id}
                </option>
              ))}
            </select>
            {SAMPLES.map(({ name, text }) => (
              <button key={name} type="button" class="button" onClick={() => setInput(text)}>
                {name}
              </button>
            ))}
          </div>
          <label for="event">A notification as XML, or a record as JSON</label>
          <textarea
            id="event"
            spellcheck={false}
            autocomplete="off"
            rows={22}
            value={input}
            onInput={(event) => setInput(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
            }}
          />
          <button type="submit" class="primary">
            <Icon name="play" /> Map it
          </button>
          <span class="hint"> or Ctrl+Enter</span>
        </form>
        <div aria-live="polite">
          {played?.fault !== undefined && <p class="note bad">{played.fault}</p>}
          {played?.answer !== undefined && <Answer answer={played.answer} />}
          {played === null && <EmptyNote>The messages appear here.</EmptyNote>}
        </div>
      </div>
    </>
  );
}

function Answer({ answer: { records, notes, outputs } }: { answer: PlaygroundAnswer }) {
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="note warn">
          {note}
        </p>
      ))}
      {outputs.map((output) => (
        <Output key={`${output.transport} ${output.mapping}`} output={output} />
      ))}
      <details class="panel">
        <summary>{records.length === 1 ? 'The record' : `${records.length} records`}</summary>
        <pre class="json">{records.map((record) => JSON.stringify(record, null, 2)).join('\n')}</pre>
      </details>
    </>
  );
}

function Output({ output: { mapping, sinks, transport, messages, error } }: { output: PlaygroundOutput }) {
  return (
    <section class="panel output" data-mapping={mapping}>
      <h2>
        {mapping}
        <small>
          {transport}
          {sinks.length > 0 && `, used by ${sinks.join(', ')}`}
        </small>
      </h2>
      {error !== null && <p class="note bad">{error}</p>}
      {error === null && messages.length === 0 && <p class="hint">Says nothing of it.</p>}
      {messages.map((message, index) => (
        <Message key={index} message={message} />
      ))}
    </section>
  );
}

function Message({
  message: { topic, key, payload, retain, contentType, attributes },
}: {
  message: PlaygroundMessage;
}) {
  return (
    <div class="message">
      <p class="mono topic">
        {topic} {retain && <span class="tag">retained</span>}
        {key !== null && <span class="tag">key {key}</span>}
      </p>
      <pre class="json">{payload === '' ? '(zero bytes)' : pretty(payload, contentType)}</pre>
      {attributes.length > 0 && (
        <details>
          <summary>{attributes.length} attributes</summary>
          <dl class="terms mono">
            {attributes.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}

function pretty(payload: string, contentType: string): string {
  if (!contentType.includes('json')) return payload;
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
