import type {
  PendingCast,
  PendingFan,
  PendingReply,
  Reply,
  WatchOptions,
  Workshop,
} from '../../facade/contract.ts'
import { paintFor } from '../paint.ts'
import type { Session } from '../session.ts'
import { eventLine } from '../views/log.ts'

/** Aborted by Ctrl-C while a line waits for its value. */
export interface Interruption {
  signal: AbortSignal | undefined
}

export interface ScopeOptions {
  /** Writes a line above the prompt. */
  readonly print: (line: string) => void
  readonly session: Session
}

export interface Scope {
  readonly members: Readonly<Record<string, unknown>>
  /** Ends what goes on in the background. */
  close(): Promise<void>
}

/** What stands for itself in a line: every member of the workshop, `shop`, and `watch` with `unwatch`. */
export function membersInScope(
  shop: Workshop,
  interruption: Interruption,
  { print, session }: ScopeOptions,
): Scope {
  const waiting = <Options extends object>(
    options?: Options,
  ): Options & { readonly signal?: AbortSignal } => ({
    ...(interruption.signal === undefined ? {} : { signal: interruption.signal }),
    ...(options as Options),
  })
  const watching = backgroundWatch(shop, { print, session })
  const interruptible = {
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
  }
  return {
    members: {
      ...boundMembers(shop),
      ...interruptible,
      shop,
      watch: watching.begin,
      unwatch: watching.end,
    },
    close: watching.end,
  }
}

/** Stay members of `shop`: the end of the session closes the workshop, and `await` is a word of JavaScript. */
const NOT_IN_SCOPE = ['close', 'await']

function boundMembers(shop: Workshop): Record<string, unknown> {
  const members: [string, unknown][] = Object.entries(shop).filter(([name]) => !NOT_IN_SCOPE.includes(name))
  return Object.fromEntries(
    members.map(([name, member]) => [name, isFunction(member) ? member.bind(shop) : member]),
  )
}

function isFunction(value: unknown): value is (...inputs: unknown[]) => unknown {
  return typeof value === 'function'
}

interface BackgroundWatch {
  readonly begin: (options?: WatchOptions) => string
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
  const end = async (): Promise<void> => {
    ended.abort()
    await running
  }
  return {
    begin(options = {}) {
      ended.abort()
      ended = new AbortController()
      running = follow(options, ended.signal)
      return 'Watching; unwatch() ends it.'
    },
    end,
  }
}
