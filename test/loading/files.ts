/** What the tests of loading share: folders with files, and the error that a call must end with. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { isAtelierError, type AtelierError } from '../../src/errors.ts'

/** A folder with these files, by their paths; gone after the test. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-loading-')))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  return dir
}

/** The error of a call that must refuse. */
export async function refusal(call: () => unknown): Promise<AtelierError> {
  try {
    await call()
  } catch (thrown) {
    if (isAtelierError(thrown)) return thrown
    throw thrown
  }
  throw new Error('It was accepted.')
}
