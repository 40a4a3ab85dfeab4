import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

/** Every TypeScript file of the product by its path below `src`, with forward slashes. */
export function readSources(): ReadonlyMap<string, string> {
  const paths = globSync('**/*.ts', { cwd: SRC })
  return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(`${SRC}${path}`, 'utf8')]))
}
