/** Which versions of Claude Code the adapter speaks with. */

/** The oldest version that the adapter's tests pass with; see `docs/backends/claude.md`. */
const MINIMUM_VERSION = '2.1.288'

const VERSION = /^\d+\.\d+\.\d+/u

/** The version in what `claude --version` prints, such as `2.1.329 (Claude Code)`. */
export function parseVersion(text: string): string | undefined {
  return VERSION.exec(text.trim())?.[0]
}

/** True if a version is too old for the adapter. */
export function isTooOld(version: string): boolean {
  const [given, least] = [version, MINIMUM_VERSION].map((text) => text.split('.').map(Number))
  for (const [index, part] of (least ?? []).entries()) {
    const own = given?.[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

/** What to say of such a version. */
export function tooOld(version: string, path: string): string {
  return `${path} is Claude Code ${version}; Atelier needs ${MINIMUM_VERSION} or later. Update it with \`claude update\` or \`npm install -g @anthropic-ai/claude-code\`.`
}
