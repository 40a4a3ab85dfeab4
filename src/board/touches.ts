/** Which items would change the same files: told from the globs that they were posted with. */

/**
 * True if some path could match a glob of each list. Globs know `*`, `?` and `**`. One that ends in a name is that path
 * and, if it is a folder, everything below it; nothing can be told about which of both it is before the work is done.
 */
export function overlap(a: readonly string[], b: readonly string[]): boolean {
  const others = b.map(segmentsOf)
  return a.map(segmentsOf).some((left) => others.some((right) => meet(left, right, PATHS)))
}

function segmentsOf(glob: string): readonly string[] {
  const segments = glob.split('/').filter((segment) => segment !== '' && segment !== '.')
  const isNamed = glob.endsWith('/') || !/[*?]/u.test(segments.at(-1) ?? '')
  return isNamed ? [...segments, '**'] : segments
}

/** How the parts of a pattern match: which stands for any number of them, and which two could be the same. */
interface Parts {
  readonly any: string
  fit(a: string, b: string): boolean
}

const NAMES: Parts = { any: '*', fit: (a, b) => a === b || a === '?' || b === '?' }
const PATHS: Parts = { any: '**', fit: (a, b) => a === b || meet(Array.from(a), Array.from(b), NAMES) }

/**
 * True if something matches both patterns. One row of the table at a time: whether what is left of `a` and of `b` meets.
 * The time is the product of their lengths, whatever stars they have.
 */
function meet(a: readonly string[], b: readonly string[], parts: Parts): boolean {
  let below: boolean[] = []
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = Array.from({ length: b.length + 1 }, () => false)
    for (let j = b.length; j >= 0; j--) {
      const [left, right] = [a[i], b[j]]
      // A star matches nothing more, or one more part of the other.
      if (left === parts.any || right === parts.any)
        row[j] = (left !== undefined && below[j] === true) || (right !== undefined && row[j + 1] === true)
      else if (left === undefined || right === undefined) row[j] = left === right
      else row[j] = below[j + 1] === true && parts.fit(left, right)
    }
    below = row
  }
  return below[0] === true
}
