import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** What every view may know and say. */
export interface Session {
  /** The connector wants a token, or another one. */
  refused(): void;
  /** Wall time of the connector, ms: ages are told by its clock. */
  now(): number;
}

const context = createContext<Session>({ refused() {}, now: () => Date.now() });

export const SessionProvider = context.Provider;

export function useSession(): Session {
  return useContext(context);
}
