/** What an attempt changed of what its own verification runs, in words. */
import type { VerifyCommand } from '../board/definition.ts'
import { changedFiles } from '../git/differences.ts'
import { git, type GitPlace } from '../git/run.ts'
import { findTampering, type TouchedFile } from '../verification/tampering.ts'

/** Files named in one flag. */
const NAMED = 3

/** One line for each command of which the attempt changed something; none where it changed nothing of the kind. */
export async function flagsOf(
  place: GitPlace,
  { from, to }: { readonly from: string; readonly to: string },
  commands: readonly VerifyCommand[],
): Promise<readonly string[]> {
  if (commands.length === 0 || from === to) return []
  const files: TouchedFile[] = []
  for (const { path, change } of await changedFiles(place, from, to))
    files.push({ path, change, ...(await textsOf(place, { path, from, to })) })
  const found = findTampering(
    commands.map(({ run }) => run),
    files,
  )
  return [...Map.groupBy(found, ({ command }) => String(command))].map(([command, changes]) => {
    const paths = changes.map(({ path }) => path)
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''
    return `changed what "${command}" runs: ${paths.slice(0, NAMED).join(', ')}${more}`
  })
}

/** The texts of a `package.json`, which say whether its scripts changed; of other files the names suffice. */
async function textsOf(
  place: GitPlace,
  { path, from, to }: { readonly path: string; readonly from: string; readonly to: string },
): Promise<Pick<TouchedFile, 'before' | 'after'>> {
  if (!/(?:^|\/)package\.json$/u.test(path)) return {}
  const before = await textAt(place, from, path)
  const after = await textAt(place, to, path)
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) }
}

async function textAt(place: GitPlace, commit: string, path: string): Promise<string | undefined> {
  return git(place, ['show', `${commit}:${path}`]).catch(() => undefined)
}
