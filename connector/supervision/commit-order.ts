/**
 * One commit after the other, in the order asked for: what a device tells live and what a replay brings become one sequence. After
 * one that failed there are no more, since the numbers of what it held are not stored.
 */
export type CommitOrder = <T>(commit: () => Promise<T>) => Promise<T>;

export function commitOrder(): CommitOrder {
  let last: Promise<unknown> = Promise.resolve();
  return (commit) => {
    const mine = last.then(commit);
    last = mine;
    // Whoever asked hears of it, and so does everyone after.
    mine.catch(() => {});
    return mine;
  };
}
