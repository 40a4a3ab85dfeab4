/** Names for the branches of attempts. */

/** All branches of attempts are below it, and so is what waits for a target whose tree is not clean. */
export const BRANCH_FOLDER = 'atelier'
const ITEM_CHARACTERS = 40
const ATTEMPT_CHARACTERS = 8

/**
 * A branch name for an attempt, `atelier/<item>/<attempt>`, that is not taken and that git can keep beside the
 * others: it keeps no branch below the name of another one.
 * @param branches the names of all branches there are
 */
export function attemptBranch(item: string, attempt: string, branches: readonly string[]): string {
  const taken = takenNames(branches)
  const last = shortAttempt(attempt)
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`
    const inFolder = `${BRANCH_FOLDER}/${namePart(item)}${suffix}/${last}`
    if (!isTaken(inFolder, taken)) return inFolder
    // A branch with the name of the folder itself stands in the way of all of them.
    const flat = `${BRANCH_FOLDER}-${namePart(item)}${suffix}/${last}`
    if (taken.has(BRANCH_FOLDER) && !isTaken(flat, taken)) return flat
  }
}

/** The end of an attempt's id: the part that differs. */
export function shortAttempt(attempt: string): string {
  return namePart(attempt.slice(-ATTEMPT_CHARACTERS))
}

/** What git takes as a part of a branch name, and people can type: see git-check-ref-format(1). */
export function namePart(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_.-]+/gu, '-')
    .replace(/\.{2,}/gu, '.')
    .slice(0, ITEM_CHARACTERS)
    .replace(/^[.-]+|[.-]+$/gu, '')
    .replace(/\.lock$/u, '-lock')
  return plain === '' ? 'item' : plain
}

/**
 * Names that are taken, in lower case: some file systems do not tell case apart. Results for a branch whose tree is
 * not clean wait on `atelier/<branch>`, so that name belongs to it.
 */
function takenNames(branches: readonly string[]): ReadonlySet<string> {
  const taken = new Set<string>()
  for (const branch of branches) {
    const name = branch.toLowerCase()
    taken.add(name)
    if (!name.startsWith(`${BRANCH_FOLDER}/`)) taken.add(`${BRANCH_FOLDER}/${name}`)
  }
  return taken
}

function isTaken(name: string, taken: ReadonlySet<string>): boolean {
  const wanted = name.toLowerCase()
  if (taken.has(wanted)) return true
  for (let at = wanted.indexOf('/'); at !== -1; at = wanted.indexOf('/', at + 1)) {
    if (taken.has(wanted.slice(0, at))) return true
  }
  return [...taken].some((other) => other.startsWith(`${wanted}/`))
}
