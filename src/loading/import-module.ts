import { realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** This very package, for a configuration in a project that has not installed it. */
const OWN_ENTRY = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url)
  .href

/**
 * Imports a module that a user wrote, TypeScript included: Node strips the types. Two things differ from a plain
 * import, while this one runs: a `.ts` file is an ES module whatever the nearest package.json says, so that it loads
 * in any project and without Node's warning about it; and `atelier` is this package where the project has none.
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  // Modules are known by their real path.
  const target = pathToFileURL(realpathSync(file)).href
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'atelier') return next(specifier, context)
      try {
        return next(specifier, context)
      } catch {
        return next(OWN_ENTRY, context)
      }
    },
    load(url, context, next) {
      const typescript = url === target && /\.m?ts$/u.test(url)
      return next(url, typescript ? { ...context, format: 'module-typescript' } : context)
    },
  })
  try {
    return (await import(target)) as Readonly<Record<string, unknown>>
  } finally {
    hooks.deregister()
  }
}

/**
 * Where the error of an import came from: the first file that its stack names.
 * @returns `line` alone if that is the imported file, the other file with it if not, null if none is named
 */
export function positionOfError(
  thrown: unknown,
  file: string,
): { readonly line: number; readonly file?: string } | null {
  const stack = thrown instanceof Error ? String(thrown.stack) : ''
  // A syntax error's stack begins with `/path/file.ts:2`; that of a thrown one has frames `at file:///path/file.ts:2:7`.
  const head = /^((?:file:\/\/|\/|[A-Za-z]:)[^\n]*):(\d+)\n/u.exec(stack)
  const [, place = '', digits] = head ?? /\b(file:\/\/[^\n]*?):(\d+):\d+\)?$/mu.exec(stack) ?? []
  const path = place.startsWith('file://') ? pathOfUrl(place) : place
  if (path === '') return null
  const line = Number(digits)
  return path === file || path === realpathSync(file) ? { line } : { file: path, line }
}

/** The path of a file URL, or nothing: the text of an error may look like one. */
function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return ''
  }
}
