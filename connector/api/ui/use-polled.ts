import { useEffect, useState } from 'preact/hooks';
import { type ApiFault, ask } from './api-client.ts';
import { useSession } from './session.ts';

export interface Polled<T> {
  /** The last there was; undefined before the first. */
  readonly value: T | undefined;
  /** Why there is nothing newer; undefined where all is well. */
  readonly fault: ApiFault | undefined;
}

/**
 * What the API says at `path`, asked again and again while the page is looked at.
 *
 * @param occasion asked at once where it changed
 */
export function usePolled<T>(path: string, everyMs: number, occasion = 0): Polled<T> {
  const [polled, setPolled] = useState<Polled<T> & { readonly path: string }>({
    path,
    value: undefined,
    fault: undefined,
  });
  const { refused } = useSession();
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async () => {
      const answer = await ask<T>(path, ending.signal);
      if (ending.signal.aborted) return;
      if ('value' in answer) setPolled({ path, value: answer.value, fault: undefined });
      else {
        if (answer.fault.status === 401) refused();
        setPolled((before) => ({ path, value: before.path === path ? before.value : undefined, fault: answer.fault }));
      }
      timer = setTimeout(whenSeen, everyMs);
    };
    const whenSeen = () => {
      if (document.visibilityState === 'visible') void poll();
      else document.addEventListener('visibilitychange', whenSeen, { once: true, signal: ending.signal });
    };
    void poll();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, refused, occasion]);
  return polled.path === path ? polled : { value: undefined, fault: undefined };
}
