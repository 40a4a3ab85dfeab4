/**
 * Finds the candidate that turns a stack red, with as few verifications as it takes: the whole stack first, since
 * mostly it is green, then halves. Pure: the caller verifies and asks again.
 *
 * It takes for granted that a candidate on a red one is red. Where that is not so, the one that is named is still
 * red on a stack that was verified green, so it is never blamed for what stands below it.
 */

/** What is known of the stack up to and with a candidate; `TARGET` is the target without any. */
export type Verdicts = ReadonlyMap<number, 'green' | 'red'>

/** The place of the target below the first candidate. */
export const TARGET = -1

export type BisectStep =
  /** Verify the stack up to and with this candidate, or the target. */
  | { readonly kind: 'verify'; readonly index: number }
  /** Everything is green: advance to the last one. */
  | { readonly kind: 'green' }
  /** This one is red on a green stack: it goes back to its owner, and those below it can be merged. */
  | { readonly kind: 'blame'; readonly index: number }
  /** The target is red by itself: nobody in the queue is to blame, and nothing is merged. */
  | { readonly kind: 'target_red' }

/** The next step for a stack of so many candidates. */
export function bisect(count: number, verdicts: Verdicts): BisectStep {
  const last = count - 1
  if (count === 0 || verdicts.get(last) === 'green') return { kind: 'green' }
  if (!verdicts.has(last)) return { kind: 'verify', index: last }
  const firstRed = lowest(verdicts, 'red', last)
  const lastGreen = highestBelow(verdicts, firstRed)
  if (firstRed === TARGET) return { kind: 'target_red' }
  if (lastGreen === firstRed - 1) return { kind: 'blame', index: firstRed }
  // The target is asked last: mostly it is green, and then asking was in vain.
  const from = Math.max(lastGreen ?? TARGET, TARGET)
  const middle = Math.floor((from + firstRed) / 2)
  return { kind: 'verify', index: Math.max(middle, from + (lastGreen === undefined ? 0 : 1)) }
}

function lowest(verdicts: Verdicts, verdict: 'green' | 'red', otherwise: number): number {
  const found = [...verdicts].filter(([, one]) => one === verdict).map(([index]) => index)
  return Math.min(otherwise, ...found)
}

function highestBelow(verdicts: Verdicts, limit: number): number | undefined {
  const found = [...verdicts].filter(([index, one]) => one === 'green' && index < limit)
  return found.length === 0 ? undefined : Math.max(...found.map(([index]) => index))
}
