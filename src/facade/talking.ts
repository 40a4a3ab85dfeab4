/** Direct mode: ask, cast, await, pipe and fan. */
import { parsePrompt } from '../agents/definition-schema.ts'
import { pipePrompt } from '../agents/prompts.ts'
import { AtelierError, isAtelierError, messageOf, toError, type ErrorData } from '../errors.ts'
import { newId } from '../ids.ts'
import { usdOf } from '../money/usd.ts'
import { unpackText, type TeamContext } from '../team/context.ts'
import { cancelMessages, postMessage, type NewMessage } from '../team/posting.ts'
import { postRouted, type Routing } from '../team/routing.ts'
import { assertAgent, viewFullResult, type ViewContext } from '../team/views.ts'
import { Settlements, untilIdle, type Settlement, type WaitLimit } from '../team/waiting.ts'
import { parseDuration } from '../time/duration.ts'
import type { MessageRow } from '../tables.ts'
import type {
  AskOptions,
  FailedReply,
  PendingAnswer,
  PendingCast,
  PendingFan,
  PendingReply,
  Reply,
  TeamReplies,
  WaitOptions,
} from './contract.ts'
import { CastPromise, FanPromise, ReplyPromise } from './pending.ts'

/** Everything that sends a prompt or waits for an answer. */
export class Talking {
  readonly #team: TeamContext
  readonly #view: ViewContext
  readonly #settlements: Settlements
  /** Posts that are not stored yet: waits begin behind them. */
  readonly #posting = new Set<Promise<unknown>>()
  /** Failures of casts that no caller has seen, by agent. */
  readonly #unseen = new Map<string, ErrorData[]>()

  /** This process runs agents, so what it sent will be answered while it lives. */
  readonly #hosted: boolean

  constructor(team: TeamContext, view: ViewContext, hosted: boolean) {
    this.#team = team
    this.#view = view
    this.#hosted = hosted
    this.#settlements = new Settlements(team)
  }

  ask(agent: string, prompt: string, options: AskOptions = {}): PendingReply {
    return this.#reply(
      agent,
      this.#send({ agent, prompt: parsePrompt(prompt), kind: 'ask' }, options).settled,
    )
  }

  /** Asks whoever can do it, chosen in the commit that posts the question. */
  askWhoever(
    choice: Omit<Routing, 'canHandleOf'>,
    prompt: string,
    canHandleOf: Routing['canHandleOf'],
    options: AskOptions = {},
  ): PendingAnswer {
    const text = parsePrompt(prompt)
    const post = (message: NewMessage, id: string): Promise<string> =>
      postRouted(this.#team, message, { ...choice, canHandleOf }, id)
    return this.#reply('', this.#send({ agent: '', prompt: text, kind: 'ask' }, options, post).settled)
  }

  cast(agent: string, prompt: string, options: AskOptions = {}): PendingCast {
    const { accepted, settled } = this.#send({ agent, prompt: parsePrompt(prompt), kind: 'cast' }, options)
    const pending = new CastPromise(
      agent,
      accepted.then((message) => ({ agent, message })),
    )
    accepted.then(
      () => settled.then((settlement) => settlement.ok || this.#remember(agent, settlement.error)),
      (error: unknown) => pending.observed || this.#remember(agent, errorDataOf(error)),
    )
    return pending
  }

  pipe(
    from: string | PendingAnswer | Reply,
    to: string,
    message?: string,
    options: AskOptions = {},
  ): PendingReply {
    return this.#reply(to, this.#pipe(from, to, message, options))
  }

  fan(message: string, agents: readonly string[], options: AskOptions = {}): PendingFan {
    const prompt = parsePrompt(message)
    if (agents.length === 0)
      throw new AtelierError('invalid_input', 'fan needs at least one agent; name those to ask.')
    const group = newId('grp')
    const sent = [...new Set(agents)].map((agent) => ({
      agent,
      settled: this.#send({ agent, prompt, kind: 'fan', group }, options).settled,
    }))
    return new FanPromise(this.#collect(sent))
  }

  /** Waits until an agent has nothing left to do. */
  async await(agent: string, options: WaitOptions = {}): Promise<Reply | undefined> {
    await this.#quiet(agent, waitLimit(options))
    return this.#lastReply(agent)
  }

  /** Waits until no agent has anything left to do. */
  async awaitAll(options: WaitOptions = {}): Promise<TeamReplies> {
    await this.#posted()
    await untilIdle(this.#team, null, waitLimit(options))
    await this.#handled()
    const rows = await this.#team.store.read((reader) => reader.list('agent', { where: { state: 'active' } }))
    const replies: Record<string, Reply | FailedReply> = {}
    for (const { name, last } of rows) {
      const [failure] = this.#takeUnseen(name)
      if (failure !== undefined) replies[name] = { agent: name, error: failure }
      else if (last !== null) replies[name] = await this.#reportLast(name)
    }
    for (const name of [...this.#unseen.keys()]) {
      const [failure] = this.#takeUnseen(name)
      if (failure !== undefined) replies[name] = { agent: name, error: failure }
    }
    return replies
  }

  /** Cancels what an agent works on and what waits for it. */
  interrupt(agent: string): Promise<number> {
    return cancelMessages(this.#team, { agent }, `Cancelled by ${this.#team.by.actor}.`)
  }

  /** Waits until everything that this process has sent is stored, and answered where it is run here. */
  async drained(signal?: AbortSignal): Promise<void> {
    await this.#posted()
    while (this.#hosted && this.#settlements.size > 0 && signal?.aborted !== true)
      await this.#settlements.next(signal)
  }

  close(): void {
    this.#settlements.close()
  }

  /** Hands a message to the store at once, so that calls are accepted in order. */
  #send(
    message: NewMessage,
    options: AskOptions,
    post: (message: NewMessage, id: string) => Promise<string> = (each, to) =>
      postMessage(this.#team, each, to),
  ): { accepted: Promise<string>; settled: Promise<Settlement> } {
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout, 'timeout')
    const id = newId('msg')
    const settled = this.#settlements.of(id)
    const accepted = post({ ...message, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, id)
    this.#track(accepted)
    this.#cancelOn(options.signal, message.agent, id, accepted, settled)
    const outcome = accepted.then(
      () => settled,
      (error: unknown) => {
        this.#settlements.forget(id)
        return { ok: false, agent: message.agent, message: id, error: errorDataOf(error) } as const
      },
    )
    return { accepted, settled: outcome }
  }

  #track(accepted: Promise<unknown>): void {
    const stored = accepted.catch(() => {}).then(() => void this.#posting.delete(stored))
    this.#posting.add(stored)
  }

  #cancelOn(
    signal: AbortSignal | undefined,
    agent: string,
    message: string,
    accepted: Promise<string>,
    settled: Promise<Settlement>,
  ): void {
    if (signal === undefined) return
    const cancel = (): void =>
      void accepted
        .then(() => cancelMessages(this.#team, { agent, message }, 'Cancelled by the caller.'))
        .catch(() => {})
    if (signal.aborted) return cancel()
    signal.addEventListener('abort', cancel, { once: true })
    void settled.then(() => signal.removeEventListener('abort', cancel))
  }

  async #pipe(
    from: string | PendingAnswer | Reply,
    to: string,
    message: string | undefined,
    options: AskOptions,
  ): Promise<Settlement> {
    const text = typeof from === 'string' ? await this.#resultOf(from, options) : (await from).text
    return this.#send({ agent: to, prompt: parsePrompt(pipePrompt(message, text)), kind: 'pipe' }, options)
      .settled
  }

  /** The last result of a named agent, when it has nothing left to do. */
  async #resultOf(agent: string, { signal }: AskOptions): Promise<string> {
    await this.#quiet(agent, waitLimit({ ...(signal === undefined ? {} : { signal }) }))
    const { isError, error, result } = await viewFullResult(this.#view, agent)
    if (isError && error !== null) throw toError(error)
    return result
  }

  #reply(agent: string, settled: Promise<Settlement>): PendingReply {
    const reply = settled.then((settlement) => {
      if (!settlement.ok) throw toError(settlement.error)
      return replyOf(settlement)
    })
    return new ReplyPromise(agent, reply, (source, to, message, options) =>
      this.pipe(source, to, message, options),
    )
  }

  async #collect(sent: readonly { agent: string; settled: Promise<Settlement> }[]): Promise<TeamReplies> {
    const replies: Record<string, Reply | FailedReply> = {}
    for (const { agent, settled } of sent) {
      const settlement = await settled
      replies[agent] = settlement.ok ? replyOf(settlement) : { agent, error: settlement.error }
    }
    return replies
  }

  async #posted(): Promise<void> {
    while (this.#posting.size > 0) await Promise.all(this.#posting)
  }

  /** Waits until a known agent has nothing left to do; throws the failure of a cast that nobody has seen. */
  async #quiet(agent: string, limit: WaitLimit): Promise<void> {
    await this.#posted()
    if (!this.#unseen.has(agent)) await assertAgent(this.#team.store, agent)
    await untilIdle(this.#team, [agent], limit)
    await this.#handled()
    const [failure] = this.#takeUnseen(agent)
    if (failure !== undefined) throw toError(failure)
  }

  /** Lets the handlers of what was just settled note its failures. */
  async #handled(): Promise<void> {
    await this.#team.feed.caughtUp()
  }

  #remember(agent: string, error: ErrorData): void {
    this.#unseen.set(agent, [...(this.#unseen.get(agent) ?? []), error])
  }

  #takeUnseen(agent: string): ErrorData[] {
    const errors = this.#unseen.get(agent) ?? []
    this.#unseen.delete(agent)
    return errors
  }

  async #lastReply(agent: string): Promise<Reply | undefined> {
    const last = await this.#team.store.read(async (reader) => {
      const row = await reader.get('agent', agent)
      return row?.last == null ? undefined : row.last
    })
    if (last === undefined) return undefined
    const report = await this.#reportLast(agent)
    if ('error' in report) throw toError(report.error)
    return report
  }

  async #reportLast(agent: string): Promise<Reply | FailedReply> {
    return this.#team.store.read(async (reader) => {
      const row = await reader.get('agent', agent)
      const message = (await reader.get('message', row?.last as string)) as MessageRow
      if (message.error !== null) return { agent, error: message.error }
      const turn = message.turn === null ? undefined : await reader.get('turn', message.turn)
      return {
        agent,
        text: await unpackText(reader, message.answer ?? ''),
        session: row?.session ?? null,
        usage: turn?.usage ?? { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
        cost: usdOf(turn?.costMicros ?? 0),
        costSource: turn?.costSource ?? 'reported',
        turn: message.turn ?? '',
        message: message.id,
      }
    })
  }
}

function replyOf(settlement: Extract<Settlement, { ok: true }>): Reply {
  const { agent, text, session, usage, costMicros, costSource, turn, message } = settlement
  return { agent, text, session, usage, cost: usdOf(costMicros), costSource, turn, message }
}

function waitLimit({ timeout, signal }: WaitOptions): WaitLimit {
  return {
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, 'timeout') }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function errorDataOf(error: unknown): ErrorData {
  return isAtelierError(error) ? error.toJSON() : { code: 'host_failed', message: messageOf(error) }
}
