/** Takes secrets out of text before it becomes an event, a log line or an error. */
import type { Json } from '../json.ts'

const MASK = '[redacted]'
/** Shorter values are words such as `none`; to mask them would mangle ordinary text. */
const SHORTEST_SECRET = 8
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL/iu

/** Shapes of tokens that are known whatever variable or file they came from. */
const SHAPES: readonly RegExp[] = [
  // OpenAI, Anthropic and others that follow them. A digit tells a key from words joined by hyphens.
  /\bsk-(?=[\w-]*\d)[\w-]{16,}/gu,
  // GitHub, classic and fine-grained.
  /\bgh[pousr]_[A-Za-z0-9]{16,}/gu,
  /\bgithub_pat_\w{20,}/gu,
  /\bglpat-[\w-]{16,}/gu,
  // Slack.
  /\bxox[a-z]-[A-Za-z0-9-]{10,}/gu,
  // Amazon key ids, Google keys, npm tokens.
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/gu,
  /\bAIza[\w-]{30,}/gu,
  /\bnpm_[A-Za-z0-9]{30,}/gu,
  // JSON web tokens.
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/gu,
]
/** Taken out first, as a whole: a variable may hold the same key, of which single lines are known. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gu
const BEARER = /\b(bearer\s+)(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}/giu
/** The password of a user in an address, as in the remote of a clone. */
const URL_PASSWORD = /(:\/\/[^\s:@/]*:)[^\s@/]{4,}@/gu

/** Gives the text without the secrets in it. */
export type Redactor = (text: string) => string

/**
 * Makes a redactor from the environments that secrets may come from: values of variables whose
 * name says that they are secret, and texts of well-known token shapes.
 */
export function redactor(...environments: readonly Readonly<Record<string, string | undefined>>[]): Redactor {
  const secrets = new Set<string>()
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined || !SECRET_NAME.test(name)) continue
      // Output is read by lines, so each line of a secret such as a private key counts by itself.
      for (const line of [value, ...value.split('\n')]) {
        const secret = line.trim()
        if (secret.length < SHORTEST_SECRET) continue
        secrets.add(secret)
        // As it stands inside of a JSON text.
        secrets.add(JSON.stringify(secret).slice(1, -1))
      }
    }
  }
  const known = alternatives(secrets)
  return (text) => {
    let clean = text.replace(PRIVATE_KEY, MASK)
    if (known !== undefined) clean = clean.replace(known, MASK)
    for (const shape of SHAPES) clean = clean.replace(shape, MASK)
    return clean.replace(BEARER, `$1${MASK}`).replace(URL_PASSWORD, `$1${MASK}@`)
  }
}

/** The same value with every text in it redacted. */
export function redactJson(value: Json, redact: Redactor): Json {
  if (typeof value === 'string') return redact(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((member: Json) => redactJson(member, redact))
  const members = Object.entries(value as Record<string, Json>)
  return Object.fromEntries(members.map(([key, member]) => [key, redactJson(member, redact)]))
}

/** Longest first, so that a secret that begins with another one is masked whole. */
function alternatives(secrets: ReadonlySet<string>): RegExp | undefined {
  if (secrets.size === 0) return undefined
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map(escapePattern).join('|'), 'gu')
}

/** RegExp.escape for the versions of Node that lack it. */
function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')
}
