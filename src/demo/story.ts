/** What a story of a demo is made of, where a script speaks for the agents. Files and test runs are real. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { sampleFolder } from './sample-project.ts'

/** What an agent says and does in one turn. */
export interface Played {
  readonly acts: readonly Act[]
  /** Tokens of the whole turn. */
  readonly usage: { readonly input: number; readonly output: number }
  /** What the scripted backend reports, USD. */
  readonly costUsd: number
}

/** `@LAST@` in what is said is the output of the last command. */
export type Act =
  | { readonly say: string }
  | { readonly run: string }
  | { readonly edits: readonly FileEdit[] }

export interface FileEdit {
  /** In the project. */
  readonly path: string
  /** Undefined for a new file. */
  readonly before: string | undefined
  readonly after: string
}

/** Runs the project's own tests, and says in one line each how many passed and failed. */
export const TESTS = "node --test --test-reporter=tap 2>&1 | grep -E '^# (pass|fail) '"

/**
 * The files of each step, and what stands there before it.
 * @param dir the sample project as it is before the first step
 * @param steps folders below `sample/demo`, in the order in which they are copied over the project
 */
export async function readEdits(dir: string, steps: readonly string[]): Promise<FileEdit[][]> {
  const texts = new Map<string, string>()
  const all: FileEdit[][] = []
  for (const step of steps) {
    const edits: FileEdit[] = []
    const folder = join(sampleFolder(), 'demo', step)
    for (const path of await filesIn(folder)) {
      const own = join(dir, path)
      const before = texts.get(path) ?? (existsSync(own) ? await readFile(own, 'utf8') : undefined)
      const after = await readFile(join(folder, path), 'utf8')
      texts.set(path, after)
      edits.push({ path, before, after })
    }
    all.push(edits)
  }
  return all
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).toSorted()
}
