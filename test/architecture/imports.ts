import { ADAPTER_AREAS, ENTRIES, MAY_IMPORT, PACKAGES, PURE_AREAS } from './layers.ts'

/** One `import`, `export … from`, `import()` or `getBuiltinModule()` of a source file. */
export interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
  readonly reexport: boolean
}

/** Paths below `src` with their text. */
export type Sources = ReadonlyMap<string, string>

const STATIC = /^\s*(import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s*)?'([^']+)'/gm
const DYNAMIC = /(\btypeof\s+)?\b(?:import|getBuiltinModule)\s*\(\s*'([^']+)'/g
const IMPURE = /\b(?:async|await|Promise|Date|performance\.|set(?:Timeout|Interval|Immediate)|Math\.random)\b/
const CLOCK_OR_RANDOM = /^node:(?:crypto|timers|timers\/promises|perf_hooks)$/

/** Without comments, so that an example in a doc comment is not taken for an import. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}

/** Without the contents of strings too: a message may say "await". */
function statements(text: string): string {
  return code(text).replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

export function importsOf(from: string, text: string): readonly Import[] {
  const found = [...code(text).matchAll(STATIC)].map(([, keyword, type, to = '']) => ({
    from,
    to,
    typeOnly: type !== undefined,
    reexport: keyword === 'export',
  }))
  const dynamic = [...code(text).matchAll(DYNAMIC)].map(([, type, to = '']) => ({
    from,
    to,
    typeOnly: type !== undefined,
    reexport: false,
  }))
  return [...found, ...dynamic]
}

/** `stores/sqlite/driver.ts` is in area `stores`, member `sqlite`; `store.ts` is area `store`. */
function place(path: string): { readonly area: string; readonly member: string } {
  const [area = '', member = ''] = path.replace(/\.ts$/, '').split('/')
  return { area, member }
}

function targetPath(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1)
}

/** Why this import is not allowed, or undefined. */
function refusal(one: Import): string | undefined {
  const source = place(one.from)
  if (!one.to.startsWith('.')) return refusedPackage(source.area, one.to)
  if (one.reexport && !ENTRIES.includes(one.from)) return 'only the public entries hand on names of others'
  const allowed = MAY_IMPORT[source.area]
  if (allowed === undefined) return `area ${source.area} is not in the table of layers`
  const target = place(targetPath(one.from, one.to))
  if (target.area === source.area) {
    const shared = ADAPTER_AREAS[source.area]
    const ok = shared === undefined || target.member === source.member || shared.includes(target.member)
    return ok ? undefined : `${source.member} and ${target.member} are siblings`
  }
  const words = new Set(allowed.split(' '))
  if (words.has(target.area) || words.has(`${target.area}/${target.member}`)) return undefined
  if (one.typeOnly && words.has(`type:${target.area}`)) return undefined
  return `${source.area} may not import ${target.area}${words.has(`type:${target.area}`) ? ' but as a type' : ''}`
}

function refusedPackage(area: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) {
    if (PURE_AREAS.includes(area)) return 'pure areas use nothing of Node'
    const refused = CLOCK_OR_RANDOM.test(specifier) && area !== 'time' && area !== 'ids'
    return refused ? 'only time and ids touch clocks, hashes and randomness' : undefined
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return PACKAGES[name]?.split(' ').includes(area) ? undefined : `package ${name} is not for area ${area}`
}

/** Everything in these files that breaks the table, one sentence each. Tests beside the code are exempt. */
export function violations(sources: Sources): readonly string[] {
  const files = [...sources].filter(([path]) => !path.endsWith('.test.ts'))
  const imports = files.flatMap(([path, text]) => importsOf(path, text))
  const refused = imports.flatMap((one) => {
    const reason = refusal(one)
    return reason === undefined ? [] : [`${one.from} imports ${one.to}: ${reason}`]
  })
  const impure = files.flatMap(([path, text]) => {
    const [word] = (PURE_AREAS.includes(place(path).area) && IMPURE.exec(statements(text))) || []
    return word === undefined ? [] : [`${path} uses ${word}: pure areas have no async and no clock`]
  })
  return [...refused, ...impure]
}
