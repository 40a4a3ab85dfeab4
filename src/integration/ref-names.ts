/** Names of the refs that the engine makes for changes. */
import { ENGINE_REFS } from '../git/refs.ts'
import { hashText } from '../ids.ts'

/** Where the refs of changes lie. */
export const CHANGE_REFS: string = `${ENGINE_REFS}changes/`
const NAME_CHARACTERS = 40
const HASH_CHARACTERS = 8
/** Beside `atelier/`, where the branches of attempts lie: git keeps no branch below the name of another one. */
const PULL_FOLDER = 'atelier-pr'

/** The ref that keeps git from collecting the head of a change. */
export function changeRef(change: string): string {
  return `${CHANGE_REFS}${namePart(change)}-${hashText(change).slice(0, HASH_CHARACTERS)}`
}

/** The branch on which a change waits for a pull request. */
export function pullRef(change: string): string {
  const name = namePart(change)
  // A name that git does not take as it is could be that of two changes.
  const suffix = name === change ? '' : `-${hashText(change).slice(0, HASH_CHARACTERS)}`
  return `refs/heads/${PULL_FOLDER}/${name}${suffix}`
}

/** What git takes as a part of a ref's name, and people can type: see git-check-ref-format(1). */
function namePart(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9_.-]+/gu, '-')
    .replace(/\.{2,}/gu, '.')
    .slice(0, NAME_CHARACTERS)
    .replace(/^[.-]+|[.-]+$/gu, '')
    .replace(/\.lock$/u, '-lock')
  return plain === '' ? 'change' : plain
}
