/** The environment of a child: only what every program needs, what was named, and whose child it is. */

/** Which turn, and which host, a process belongs to: what a sweep looks for. */
export interface ProcessMarkers {
  readonly turn?: string
  readonly host?: string
}

/** The variables that carry the markers. */
export const MARKER_VARIABLES = { turn: 'ATELIER_TURN', host: 'ATELIER_HOST' } as const

/** The variable of a guard, which names the host that it guards. */
export const GUARD_VARIABLE = 'ATELIER_GUARD'

/** What programs need to find their files, speak the user's language and know who runs them. */
const NEEDED: ReadonlySet<string> = new Set([
  'HOME',
  'LANG',
  'LANGUAGE',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TMPDIR',
  'TZ',
  'USER',
])
const NEEDED_PREFIXES = ['LC_', 'XDG_']

export interface ChildEnvironmentOptions {
  /** Where variables are taken from; default: this process's own environment. */
  readonly from?: Readonly<Record<string, string | undefined>>
  /** Names that are handed on beyond the needed ones. */
  readonly pass?: readonly string[]
  /** Variables that are set; they win over those handed on. */
  readonly set?: Readonly<Record<string, string>>
  readonly markers?: ProcessMarkers
}

/** Makes the complete environment of a child. Nothing else of this process's environment reaches it. */
export function childEnvironment(options: ChildEnvironmentOptions = {}): Record<string, string> {
  const from = options.from ?? process.env
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined) continue
    if (NEEDED.has(name) || NEEDED_PREFIXES.some((prefix) => name.startsWith(prefix)))
      environment[name] = value
  }
  // No colours, no cursor movements, no pager that waits for a key.
  environment['TERM'] = 'dumb'
  for (const name of options.pass ?? []) {
    const value = from[name]
    if (value !== undefined) environment[name] = value
  }
  Object.assign(environment, options.set)
  // Last, so that nobody's settings hide a process from the sweep.
  if (options.markers?.turn !== undefined) environment[MARKER_VARIABLES.turn] = options.markers.turn
  if (options.markers?.host !== undefined) environment[MARKER_VARIABLES.host] = options.markers.host
  return environment
}
