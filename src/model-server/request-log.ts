/** Everything that reached the model: the oracle of tests, for it stands outside of what they test. */
import { closeSync, openSync, writeSync } from 'node:fs'

import { hashText } from '../ids.ts'
import type { Json } from '../json.ts'

/** How a request ended. `left`: the client went before the answer was complete. */
export type RequestEnd = 'answered' | 'refused' | 'dropped' | 'broken_off' | 'left'

/** One request, whole. What is secret in its headers is left out. */
export interface ModelRequest {
  /** From 1, in the order of arrival. */
  readonly n: number
  /** When it came, ms since the epoch. */
  readonly at: number
  readonly wire: string
  /** `step`: a turn's call of the model. `side`: a call without tools. `other`: not for the model. */
  readonly kind: 'step' | 'side' | 'other'
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** `null` where it was none, and for old requests beyond `keep`. */
  readonly body: Json
  /** Whose key it came with: a key that begins with `fake` as it is, another one as `hash:…`. */
  readonly account: string
  readonly model?: string
  /** The client's name for its session. */
  readonly session?: string
  /** All prompts of the conversation, with their markers: what a session shows to the model. */
  readonly prompts: readonly string[]
  /** Of this step; unset for an unknown one. */
  readonly scenario?: string
  /** Index of the step: 0 is the answer to the prompt itself. */
  readonly step: number
  /** Unset while it runs or hangs. */
  readonly end?: RequestEnd
  /** HTTP status of the answer, as soon as it is known. */
  readonly status?: number
}

/** Says which requests are meant; everything named must be so. */
export interface RequestMatch {
  readonly session?: string
  readonly scenario?: string
  readonly account?: string
  readonly kind?: ModelRequest['kind']
  readonly step?: number
  readonly end?: RequestEnd
  readonly status?: number
  /** Only later ones than this number. */
  readonly after?: number
  /** A part of the last prompt. */
  readonly prompt?: string
}

type Entry = { -readonly [K in keyof ModelRequest]: ModelRequest[K] }

interface Waiting {
  readonly match: RequestMatch
  readonly resolve: (request: ModelRequest) => void
  readonly reject: (reason: Error) => void
}

export class RequestLog {
  readonly requests: Entry[] = []
  readonly #keep: number
  readonly #waiting = new Set<Waiting>()
  #file: number | undefined

  /**
   * @param keep of so many requests the body is kept in memory
   * @param path a file to which each request is appended as a line of JSON when it comes, and its end when it ends
   */
  constructor(keep: number, path?: string) {
    this.#keep = keep
    this.#file = path === undefined ? undefined : openSync(path, 'a', 0o600)
  }

  add(fields: Omit<ModelRequest, 'n' | 'end' | 'status'>): ModelRequest {
    const request: Entry = { n: this.requests.length + 1, ...fields }
    this.requests.push(request)
    const old = this.requests[this.requests.length - 1 - this.#keep]
    if (old !== undefined) old.body = null
    this.#write(request)
    this.#tell(request)
    return request
  }

  /** What the request is answered with is known; it has not ended yet. */
  answering(request: ModelRequest, status: number): void {
    const entry = request as Entry
    entry.status = status
    this.#tell(entry)
  }

  ended(request: ModelRequest, end: RequestEnd, at: number): void {
    const entry = request as Entry
    entry.end = end
    this.#write({ n: request.n, at, end, status: request.status })
    this.#tell(entry)
  }

  find(match: RequestMatch): readonly ModelRequest[] {
    return this.requests.filter((request) => fits(request, match))
  }

  /**
   * The first request of each turn: its prompt came to the model. A client's retry and its further
   * steps are the same turn; a client that names no session is taken at its word.
   */
  starts(match: RequestMatch): readonly ModelRequest[] {
    const turns = new Map<string, ModelRequest>()
    for (const request of this.requests) {
      const turn = turnOf(request)
      if (turn !== undefined && !turns.has(turn)) turns.set(turn, request)
    }
    return [...turns.values()].filter((request) => fits(request, match))
  }

  /** Resolves with the first request that fits, now or when it comes to fit. */
  waitFor(match: RequestMatch): Promise<ModelRequest> {
    const found = this.find(match)[0]
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve, reject) => this.#waiting.add({ match, resolve, reject }))
  }

  close(): void {
    for (const { match, reject } of this.#waiting)
      reject(new Error(`The model server was closed before it saw ${JSON.stringify(match)}.`))
    this.#waiting.clear()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #write(line: object): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  #tell(request: ModelRequest): void {
    for (const one of this.#waiting) {
      if (!fits(request, one.match)) continue
      this.#waiting.delete(one)
      one.resolve(request)
    }
  }
}

function fits(request: ModelRequest, { after = 0, prompt = '', ...same }: RequestMatch): boolean {
  if (request.n <= after || !(request.prompts.at(-1) ?? '').includes(prompt)) return false
  return Object.entries(same).every(([name, value]) => request[name as keyof typeof same] === value)
}

/** A turn is a prompt's place in its session. */
function turnOf({ kind, session, prompts, step, n }: ModelRequest): string | undefined {
  if (kind !== 'step') return undefined
  if (session !== undefined) return `${session}#${prompts.length}`
  return step === 0 ? `#${n}` : undefined
}

const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'api-key',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-goog-api-key',
])

/** The headers without what is secret. */
export function publicHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRET_HEADERS.has(name) ? '[redacted]' : value]),
  )
}

/** The client's key; empty if it sent none. */
export function keyOf(headers: Readonly<Record<string, string>>): string {
  const bearer = /^bearer (.+)$/iu.exec(headers['authorization'] ?? '')?.[1]
  const keys = [headers['x-api-key'], bearer, headers['api-key'], headers['x-goog-api-key']]
  return keys.find((key) => key !== undefined && key !== '') ?? ''
}

/** A name for the account behind a key that does not give a real key away. */
export function accountOf(key: string): string {
  return key === '' || key.startsWith('fake') ? key : `hash:${hashText(key).slice(0, 12)}`
}
