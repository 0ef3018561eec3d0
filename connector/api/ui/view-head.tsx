import type { ComponentChildren } from 'preact';
import type { ApiFault } from './api-client.ts';

/** The title of a view, with what can be chosen in it. */
export function ViewHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="view-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}

/** What keeps a view from being told; nothing where all is well, or the login form comes. */
export function FaultNote({ fault }: { fault: ApiFault | undefined }) {
  if (fault === undefined || fault.status === 401) return null;
  const text = fault.status === 0 ? 'The connector does not answer. What is shown is the last it said.' : fault.detail;
  return (
    <p class="note bad" role="alert">
      {text}
    </p>
  );
}

export function EmptyNote({ children }: { children: ComponentChildren }) {
  return <p class="note empty">{children}</p>;
}
