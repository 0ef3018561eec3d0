import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConnectorReport } from '../api-report.ts';
import { forgetToken, hasToken } from './api-client.ts';
import { ConfigurationView } from './configuration-view.tsx';
import { DeviceView } from './device-view.tsx';
import { DevicesView } from './devices-view.tsx';
import { DoorsView } from './doors-view.tsx';
import { EventsView } from './events-view.tsx';
import { Icon, type IconName } from './icon.tsx';
import { LoginForm } from './login-form.tsx';
import { PlaygroundView } from './playground-view.tsx';
import { SessionProvider } from './session.ts';
import { SinksView } from './sinks-view.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { usePolled } from './use-polled.ts';

interface Place {
  readonly name: string;
  readonly title: string;
  /** The beginning of the title, for where there is little room. */
  readonly short?: string;
  readonly icon: IconName;
}

const PLACES: readonly Place[] = [
  { name: 'devices', title: 'Devices', icon: 'device' },
  { name: 'events', title: 'Events', icon: 'pulse' },
  { name: 'doors', title: 'Doors', icon: 'door' },
  { name: 'sinks', title: 'Sinks', icon: 'sink' },
  { name: 'configuration', title: 'Configuration', short: 'Config', icon: 'sliders' },
  { name: 'playground', title: 'Playground', short: 'Play', icon: 'flask' },
];

export function App() {
  const [isRefused, setRefused] = useState(false);
  const offset = useRef(0);
  const refused = useCallback(() => setRefused(true), []);
  const session = useMemo(() => ({ refused, now: () => Date.now() + offset.current }), [refused]);
  return (
    <SessionProvider value={session}>
      {isRefused ? (
        <LoginForm wasWrong={hasToken()} onToken={() => setRefused(false)} />
      ) : (
        <Page
          onClock={(ms) => {
            offset.current = ms;
          }}
          onLogout={() => {
            forgetToken();
            setRefused(true);
          }}
        />
      )}
    </SessionProvider>
  );
}

function Page({ onClock, onLogout }: { onClock(offsetMs: number): void; onLogout(): void }) {
  const [name, rest] = useLocation();
  const { value: connector, fault } = usePolled<ConnectorReport>('connector', 5_000);
  useEffect(() => {
    if (connector !== undefined) onClock(Date.parse(connector.now) - Date.now());
  }, [connector, onClock]);
  const place = PLACES.find((each) => each.name === name) ?? PLACES[0]!;
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${place.title} · onvif-connector`;
  }, [place]);
  return (
    <>
      {/* A link to an anchor would be taken for a place. */}
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header class="bar">
        <a class="brand" href="#/devices" aria-label="onvif-connector, devices">
          <Icon name="brand" />
          <span>onvif-connector</span>
        </a>
        <Navigation current={place.name} />
        <div class="bar-end">
          <Health connector={connector} isUnreachable={fault !== undefined && fault.status !== 401} />
          <ThemeSwitch />
          {hasToken() && (
            <button type="button" class="quiet" onClick={onLogout} title="Forget the token">
              <Icon name="leave" />
              <span class="visually-hidden">Log out</span>
            </button>
          )}
        </div>
      </header>
      <main ref={main} tabIndex={-1}>
        <View name={place.name} rest={rest} />
      </main>
    </>
  );
}

function Navigation({ current }: { current: string }) {
  return (
    <nav aria-label="Views">
      <ul>
        {PLACES.map(({ name, title, short = title, icon }) => (
          <li key={name}>
            <a href={`#/${name}`} aria-label={title} aria-current={name === current ? 'page' : undefined}>
              <Icon name={icon} />
              <span class="nav-title">{title}</span>
              <span class="nav-short">{short}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function View({ name, rest }: { name: string; rest: string }): ComponentChildren {
  switch (name) {
    case 'events':
      return <EventsView device={rest} />;
    case 'doors':
      return <DoorsView />;
    case 'sinks':
      return <SinksView />;
    case 'configuration':
      return <ConfigurationView />;
    case 'playground':
      return <PlaygroundView />;
    default:
      return rest === '' ? <DevicesView /> : <DeviceView id={rest} />;
  }
}

/** One sentence, told to screen readers when it changes and not when it is asked for again. */
function Health({ connector, isUnreachable }: { connector: ConnectorReport | undefined; isUnreachable: boolean }) {
  const [tone, text] = isUnreachable
    ? (['bad', 'No answer'] as const)
    : connector === undefined
      ? (['idle', 'Connecting'] as const)
      : connector.ready
        ? (['good', 'Ready'] as const)
        : (['warn', 'Not ready'] as const);
  return (
    <p class={`health ${tone}`} role="status" title={connector && `version ${connector.version}`}>
      <span class="dot" aria-hidden="true" />
      {text}
    </p>
  );
}

/** The place the address names, `#/devices/front-door`: its first word and what follows. */
function useLocation(): readonly [name: string, rest: string] {
  const read = () => location.hash.replace(/^#\/?/, '');
  const [hash, setHash] = useState(read);
  useEffect(() => {
    const change = () => setHash(read());
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  const [name = '', rest = ''] = hash.split(/\/(.*)/s, 2);
  return [name, decoded(rest)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
