/** Longest word looked at: distances cost the product of the lengths. */
const LONGEST = 64;

/**
 * The candidate a person most likely meant by `word`, for "did you mean"; undefined where none is near.
 * Case and punctuation do not count; a third of the letters may differ.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = bare(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const distance = levenshtein(plain, bare(candidate));
    if (distance >= least || distance >= Math.max(plain.length, 1)) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

function bare(word: string): string {
  return word
    .slice(0, LONGEST)
    .toLowerCase()
    .replace(/[\s_.-]/g, '');
}

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
function levenshtein(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
