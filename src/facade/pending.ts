/** Answers on their way. */
import type {
  AskOptions,
  PendingAnswer,
  PendingCast,
  PendingFan,
  PendingReply,
  Reply,
  TeamReplies,
} from './contract.ts'

/** How a pending reply is sent on. */
export type PipeOn = (
  source: PendingAnswer,
  to: string,
  message: string | undefined,
  options: AskOptions,
) => PendingReply

/** Awaitable like a promise; a rejection nobody asks for is not an unhandled one. */
export class ReplyPromise implements PendingReply {
  /** Empty where whoever can was asked. */
  readonly agent: string
  readonly #promise: Promise<Reply>
  readonly #pipeOn: PipeOn

  constructor(agent: string, promise: Promise<Reply>, pipeOn: PipeOn) {
    this.agent = agent
    this.#promise = promise
    this.#pipeOn = pipeOn
    promise.catch(() => {})
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a pending reply is awaited by design; what it gives is not thenable
  then<A = Reply, B = never>(
    onFulfilled?: ((reply: Reply) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise.then(onFulfilled, onRejected)
  }

  catch<R>(onRejected: (error: unknown) => R | PromiseLike<R>): Promise<Reply | R> {
    return this.#promise.catch(onRejected)
  }

  finally(onSettled: () => void): Promise<Reply> {
    return this.#promise.finally(onSettled)
  }

  pipe(to: string, message?: string, options: AskOptions = {}): PendingReply {
    return this.#pipeOn(this, to, message, options)
  }
}

/** Awaiting it tells whether the message was accepted; `observed` whether anybody asked. */
export class CastPromise implements PendingCast {
  readonly agent: string
  readonly #promise: Promise<{ readonly agent: string; readonly message: string }>
  observed = false

  constructor(agent: string, promise: Promise<{ readonly agent: string; readonly message: string }>) {
    this.agent = agent
    this.#promise = promise
    promise.catch(() => {})
  }

  // oxlint-disable-next-line unicorn/no-thenable -- see ReplyPromise
  then<A = { readonly agent: string; readonly message: string }, B = never>(
    onFulfilled?:
      | ((accepted: { readonly agent: string; readonly message: string }) => A | PromiseLike<A>)
      | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.observed = true
    return this.#promise.then(onFulfilled, onRejected)
  }
}

/** The answers of a fan; they are on their way whether it is awaited or not. */
export class FanPromise implements PendingFan {
  readonly #promise: Promise<TeamReplies>

  constructor(promise: Promise<TeamReplies>) {
    this.#promise = promise
    promise.catch(() => {})
  }

  // oxlint-disable-next-line unicorn/no-thenable -- see ReplyPromise
  then<A = TeamReplies, B = never>(
    onFulfilled?: ((replies: TeamReplies) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise.then(onFulfilled, onRejected)
  }
}
