import { type History, type Law, markOf } from './history.ts';

/** 6. After the faults stop a fresh event arrives in bounded time. */
export const recovery: Law = (history) => {
  const { fresh, expected } = history;
  const violations = fresh.flatMap(({ mark, at }) => {
    const took = freshTook(history, mark, at);
    if (took === null) return [`the fresh event ${mark} never came`];
    return took <= expected.freshWithinMs ? [] : [`${mark} took ${took} ms, more than ${expected.freshWithinMs} ms`];
  });
  if (fresh.length === 0) violations.push('no fresh event was raised');
  return { checked: fresh.length, violations };
};

/** Milliseconds until both sinks had it; null where one never did. */
export function freshTook(history: Pick<History, 'envelope' | 'onvifEj'>, mark: string, at: number): number | null {
  const came = history.envelope.find((delivery) => markOf(delivery) === mark);
  if (came === undefined) return null;
  const other = history.onvifEj.find(({ id }) => id === came.id);
  return other === undefined ? null : Math.max(came.at, other.at) - at;
}
