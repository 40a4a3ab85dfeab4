/** What happens while a command waits for agents: one line that changes on a terminal, plain lines elsewhere. */
import { messageOf } from '../errors.ts'
import type { AtelierEvent, EventType } from '../events.ts'
import type { WatchOptions, WorkshopViews } from '../facade/contract.ts'
import type { Outputs } from '../operations/outputs.ts'
import { repeat } from '../time/clock.ts'
import { formatDuration } from '../time/duration.ts'
import { backgroundClock } from '../time/system-clock.ts'
import { paintFor } from './paint.ts'
import { note, type Session } from './session.ts'
import { fit, oneLine } from './text.ts'

/** How often the line is drawn: often enough for the seconds to run evenly. */
const DRAW_INTERVAL_MS = 200

/** How often transcripts are read for the tool that an agent uses. */
const TOOL_INTERVAL_MS = 1000

const SHOWN: readonly EventType[] = [
  'turn.started',
  'turn.finished',
  'turn.lost',
  'message.failed',
  'message.cancelled',
]
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const CLEAR_LINE = '\r\u001B[2K'

export interface Progress {
  /** Writes a line of its own above what changes. */
  say(text: string): void
  close(): Promise<void>
}

interface Turn {
  readonly id: string
  readonly startedAt: number
  tool: string
}

/** Shows what these agents do until it is closed. */
export async function showProgress(
  session: Session,
  shop: WorkshopViews,
  agents: readonly string[] | 'all',
): Promise<Progress> {
  const isShown = (agent: string): boolean => agents === 'all' || agents.includes(agent)
  const display = new Display(session)
  const ended = new AbortController()
  let seen = (await shop.events({ last: 1 })).at(-1)?.seq ?? 0
  const show = (event: AtelierEvent): void => {
    if (event.seq <= seen) return
    seen = event.seq
    if ('agent' in event.data && isShown(event.data.agent)) display.show(event)
  }
  const following = follow(shop, { after: seen, types: SHOWN, signal: ended.signal }, show).catch(
    (error: unknown) => note(session, `warning: ${messageOf(error)}`),
  )
  display.begin(await shop.status(), isShown)
  const timers = session.terminal.err.isTerminal
    ? [
        repeat(backgroundClock, DRAW_INTERVAL_MS, () => display.draw()),
        repeat(backgroundClock, TOOL_INTERVAL_MS, () => display.readTools(shop)),
      ]
    : []
  let closed = false
  return {
    say: (text) => display.say(text),
    async close() {
      for (const stop of timers) stop()
      ended.abort()
      await following
      // What has just happened is told before the answer.
      if (!closed) for (const event of await shop.events({ after: seen, types: SHOWN })) show(event)
      closed = true
      display.clear()
    },
  }
}

async function follow(
  shop: WorkshopViews,
  options: WatchOptions,
  show: (event: AtelierEvent) => void,
): Promise<void> {
  for await (const event of shop.watch(options)) show(event)
}

class Display {
  readonly #session: Session
  readonly #changes: boolean
  readonly #turns = new Map<string, Turn>()
  #frame = 0
  #drawn = false

  constructor(session: Session) {
    this.#session = session
    this.#changes = session.terminal.err.isTerminal
  }

  /** Turns that were running already. */
  begin({ agents }: Outputs['status'], isShown: (agent: string) => boolean): void {
    for (const { name, since } of agents) {
      if (since !== null && isShown(name) && !this.#turns.has(name))
        this.#turns.set(name, { id: name, startedAt: since, tool: '' })
    }
  }

  show(event: AtelierEvent): void {
    switch (event.type) {
      case 'turn.started':
        this.#turns.set(event.data.agent, { id: event.data.turn, startedAt: event.at, tool: '' })
        return this.#changes ? undefined : this.say(`${event.data.agent}: started`)
      case 'turn.finished': {
        const { agent, outcome, durationMs } = event.data
        this.#turns.delete(agent)
        return this.#changes
          ? undefined
          : this.say(`${agent}: ${outcome} after ${formatDuration(durationMs)}`)
      }
      case 'turn.lost':
        this.#turns.delete(event.data.agent)
        return this.say(`${event.data.agent}: its host is gone; the message waits for another one`)
      default:
        return
    }
  }

  async readTools(shop: WorkshopViews): Promise<void> {
    for (const turn of this.#turns.values()) {
      const entries = await shop.transcript(turn.id).catch(() => [])
      const last = entries.findLast(({ kind }) => kind === 'tool')?.body
      if (last !== undefined) turn.tool = toolText(last)
    }
  }

  draw(): void {
    const { err } = this.#session.terminal
    if (this.#turns.size === 0) return this.clear()
    const now = this.#session.clock.now()
    const turns = [...this.#turns].map(([agent, { startedAt, tool }]) =>
      [agent, wholeSeconds(now - startedAt), tool].filter((part) => part !== '').join(' · '),
    )
    const frame = FRAMES[this.#frame++ % FRAMES.length]
    err.write(
      CLEAR_LINE + paintFor(err).faint(fit(oneLine(`${frame} ${turns.join('  |  ')}`), err.width - 1)),
    )
    this.#drawn = true
  }

  say(text: string): void {
    this.clear()
    note(this.#session, paintFor(this.#session.terminal.err).faint(text))
  }

  clear(): void {
    if (this.#drawn) this.#session.terminal.err.write(CLEAR_LINE)
    this.#drawn = false
  }
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.max(1000, Math.floor(ms / 1000) * 1000)).replace('.0', '')
}

/** `Bash npm test`: the tool and the first text of its input. */
function toolText(body: unknown): string {
  const { name = '', input } = body as { readonly name?: string; readonly input?: unknown }
  const first =
    typeof input === 'object' && input !== null
      ? Object.values(input).find((value) => typeof value === 'string')
      : input
  return `${name} ${typeof first === 'string' ? first : ''}`.trim()
}
