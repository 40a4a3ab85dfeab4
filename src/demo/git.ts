/** Reads back from git what a demo shows of it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export async function git(dir: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', dir, '--no-pager', ...args])
  return stdout.trimEnd()
}
