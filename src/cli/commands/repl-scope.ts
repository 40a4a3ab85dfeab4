import type {
  PendingCast,
  PendingFan,
  PendingReply,
  Reply,
  WatchOptions,
  Workshop,
} from '../../facade/contract.ts'
import { libraryName } from '../../operations/names.ts'
import type { OperationName } from '../../operations/operation.ts'
import { OPERATIONS } from '../../operations/table.ts'
import { paintFor } from '../paint.ts'
import type { Session } from '../session.ts'
import { eventLine } from '../views/log.ts'

/** Aborted by Ctrl-C while a line waits for its value. */
export interface Interruption {
  signal: AbortSignal | undefined
  abort: () => void
}

export interface ScopeOptions {
  readonly interruption: Interruption
  /** Writes a line above the prompt. */
  readonly print: (line: string) => void
  readonly session: Session
}

export interface Scope {
  readonly members: Readonly<Record<string, unknown>>
  /** The operation that gave a value, so that it can be shown as the command line shows it. */
  readonly originOf: (value: unknown) => OperationName | undefined
  /** Ends what goes on in the background. */
  close(): Promise<void>
}

/** Stay members of `shop`: the end of the session closes the workshop, and `await` is a word of JavaScript. */
const NOT_IN_SCOPE = ['close', 'await']

/**
 * Shown as any other value: a cast, since nobody has asked yet how it ends, and looking at it would hide its failure from
 * `awaitAll`; and what the verb of the command line gives in another form.
 */
const SHOWN_AS_IS: readonly OperationName[] = [
  ...(['cast', 'work', 'work-from-result', 'clear-board'] as const),
  ...(['run-workflow', 'resume-run', 'retry-stage', 'reset-workflow'] as const),
]

type Member = (...inputs: never[]) => unknown

/** What stands for itself in a line: every member of the workshop, `shop`, and `watch` with `unwatch`. */
export function membersInScope(shop: Workshop, options: ScopeOptions): Scope {
  const origins = new WeakMap<object, OperationName>()
  const own = Object.entries(shop).filter(([name]) => !NOT_IN_SCOPE.includes(name))
  const members = { ...Object.fromEntries(own), ...interruptibleMembers(shop, options.interruption) }
  for (const { name } of OPERATIONS) {
    const member = members[libraryName(name)] as Member | undefined
    if (member !== undefined && !SHOWN_AS_IS.includes(name))
      members[libraryName(name)] = remembering(member, name, origins)
  }
  const watching = backgroundWatch(shop, options)
  return {
    members: { ...members, shop, watch: watching.begin, unwatch: watching.end },
    originOf: (value) => (typeof value === 'object' && value !== null ? origins.get(value) : undefined),
    close: watching.end,
  }
}

/** The members that wait for agents, called off by Ctrl-C. */
function interruptibleMembers(shop: Workshop, interruption: Interruption): Record<string, unknown> {
  const waiting = (options?: object): { readonly signal?: AbortSignal } => ({
    ...(interruption.signal === undefined ? {} : { signal: interruption.signal }),
    ...options,
  })
  return {
    ask: (agent: string, prompt: string, options?: object): PendingReply =>
      shop.ask(agent, prompt, waiting(options)),
    cast: (agent: string, prompt: string, options?: object): PendingCast => shop.cast(agent, prompt, options),
    pipe: (
      from: string | PendingReply | Reply,
      to: string,
      message?: string,
      options?: object,
    ): PendingReply => shop.pipe(from, to, message, waiting(options)),
    fan: (message: string, agents: readonly string[], options?: object): PendingFan =>
      shop.fan(message, agents, waiting(options)),
    awaitAll: (options?: object): ReturnType<Workshop['awaitAll']> => shop.awaitAll(waiting(options)),
    boardSettled: (options?: object): ReturnType<Workshop['boardSettled']> =>
      shop.boardSettled(waiting(options)),
  }
}

/** The same member, which notes where its value came from. */
function remembering(member: Member, name: OperationName, origins: WeakMap<object, OperationName>): Member {
  return (...inputs) => {
    const result = member(...inputs)
    const note = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) origins.set(value, name)
    }
    Promise.resolve(result).then(note, () => {})
    return result
  }
}

interface BackgroundWatch {
  readonly begin: (options?: WatchOptions) => Promise<string>
  readonly end: () => Promise<void>
}

/** Prints events while the next line is typed. A second watch takes the place of the first. */
function backgroundWatch(shop: Workshop, { print, session }: ScopeOptions): BackgroundWatch {
  let ended = new AbortController()
  let running = Promise.resolve()
  const follow = async (options: WatchOptions, signal: AbortSignal): Promise<void> => {
    const { out } = session.terminal
    for await (const event of shop.watch({ ...options, signal })) {
      print(eventLine(event, { paint: paintFor(out), width: out.width, now: session.clock.now() }))
    }
  }
  return {
    async begin(options = {}) {
      ended.abort()
      ended = new AbortController()
      const { signal } = ended
      // Known before the next line is read: what that does is part of the watch.
      const [last] = await shop.events({ last: 1 })
      running = follow({ after: last?.seq ?? 0, ...options }, signal)
      return 'Watching; unwatch() ends it.'
    },
    async end() {
      ended.abort()
      await running
    },
  }
}
