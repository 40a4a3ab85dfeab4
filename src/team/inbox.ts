/** The inbox at work: asking, answering, and taking back, with all that follows in the same commit. */
import {
  decideAnswer,
  decideExpire,
  decideWithdraw,
  type Decided,
  type GivenAnswer,
} from '../inbox/answering.ts'
import { decideAsk } from '../inbox/asking.ts'
import type { SettledRequest } from '../inbox/outcome.ts'
import type { RequestRow } from '../inbox/request.ts'
import type { ParsedRequest } from '../inbox/request-schema.ts'
import { withdrawals } from '../inbox/withdrawing.ts'
import { toError } from '../errors.ts'
import type { Identity, NewEvent } from '../events.ts'
import { newId, packText, type Blob } from '../ids.ts'
import { canonicalJson, type Json, type StoredText } from '../json.ts'
import type { Reader } from '../store.ts'
import { commit, unpackText, type TeamContext } from './context.ts'
import { DueTimer } from './due-timer.ts'
import { answererOf, lookUpRequest, openAbout } from './inbox-rows.ts'

/** Something that waits for requests, such as items: it goes on in the commit that settles what it waits for. */
export interface InboxWaiter {
  /** Reads what waits for a request, and says purely what becomes of it. */
  load(reader: Reader, request: RequestRow): Promise<(settled: SettledRequest) => readonly NewEvent[]>
}

/** What a request is about: it may refuse the request, or wait for its answer from the same commit on. */
export interface InboxSubject {
  load(reader: Reader): Promise<(request: string) => Decided>
}

/** The inbox, and who waits for what is in it: the composition root knows them. */
export interface InboxContext {
  readonly team: TeamContext
  readonly waiters: readonly InboxWaiter[]
}

export interface AskOptions {
  /** Who wants to know; default: whoever calls. */
  readonly askedBy?: string
  readonly subject?: InboxSubject
}

/**
 * Puts a request into the inbox. Where the same is open already, it is joined.
 * @returns the id under which it is open
 */
export async function ask(
  { team }: Pick<InboxContext, 'team'>,
  parsed: ParsedRequest,
  { askedBy = team.by.actor, subject = ANYTHING }: AskOptions = {},
): Promise<string> {
  const question = packText(parsed.question)
  const details = packOptional(parsed.details)
  const defaultAnswer = packOptional(parsed.defaultAnswer)
  const request = {
    ...parsed,
    id: newId('ask'),
    askedBy,
    question: question.stored,
    details: details.stored,
    defaultAnswer: defaultAnswer.stored,
  }
  let openAs = request.id
  await commit(team.store, {
    name: 'inbox.change',
    keys: ['inbox', 'board'],
    by: team.by,
    blobs: [...question.blobs, ...details.blobs, ...defaultAnswer.blobs],
    load: async (reader) => ({
      open: await openAbout(reader, request.scope, request.subject),
      decideSubject: await subject.load(reader),
    }),
    decide({ open, decideSubject }, now): Decided {
      const asked = decideAsk(request, open, now)
      const decided = decideSubject(asked.request)
      if ('refused' in decided) return decided
      openAs = asked.request
      return { events: [...asked.events, ...decided.events] }
    },
  })
  return openAs
}

const ANYTHING: InboxSubject = { load: async () => () => ({ events: [] }) }

export interface AnswerInput {
  readonly answer: Json
  readonly comment: string | null
  /** It approves or rejects, which a question does not take. */
  readonly isVerdict?: boolean
}

/**
 * Answers a request, with all that follows from it. The same answer again by the same actor changes nothing.
 * @param given the id, or the beginning of it
 * @returns the id
 * @throws AtelierError `not_found`; `already_done` with the answer that counts, `forbidden` with who may answer,
 * `invalid_input` with the answers that it takes
 */
export async function answer(
  inbox: InboxContext,
  given: string,
  { answer: value, comment, isVerdict = false }: AnswerInput,
): Promise<string> {
  const { by } = inbox.team
  const stored = packText(canonicalJson(value))
  const remark = packOptional(comment)
  const answered: GivenAnswer = { value, stored: stored.stored, comment: remark.stored, isVerdict }
  const { id } = await onRequest(inbox, given, {
    blobs: [...stored.blobs, ...remark.blobs],
    async load(reader, row) {
      const answerer = await answererOf(reader, by)
      return () => ({
        decided: decideAnswer(row, answered, answerer),
        settled: { request: row, state: 'answered', answer: value, comment, by: by.actor },
      })
    },
  })
  return id
}

/**
 * Takes a request back that nobody needs answered any more; what waited for it goes on. One that is settled stays as it is.
 * @returns the id
 */
export async function withdraw(inbox: InboxContext, given: string, reason: string): Promise<string> {
  const packed = packText(reason)
  const { id } = await onRequest(inbox, given, {
    blobs: packed.blobs,
    load: async (_reader, row) => () => ({
      decided: { events: decideWithdraw(row, packed.stored) },
      settled: { request: row, state: 'withdrawn', answer: null, comment: reason, by: null },
    }),
  })
  return id
}

/**
 * Takes the default of every request whose deadline has passed; of several processes that look, one does.
 * @returns the next deadline, ms since the epoch; null if there is none
 */
export async function expireDue(inbox: InboxContext, by: Identity = inbox.team.by): Promise<number | null> {
  const { store, clock } = inbox.team
  for (;;) {
    // No deadline is 0, and this leaves out requests without one.
    const [next] = await store.read((reader) =>
      reader.list('inbox', { where: { state: 'open' }, orderBy: 'deadline', after: 0, limit: 1 }),
    )
    if (next?.deadline == null) return null
    if (next.deadline > clock.now()) return next.deadline
    // By the clock of the store it may not be due yet, which is no reason to ask it without a pause.
    if (!(await expire(inbox, next.id, by))) return next.deadline
  }
}

/** The timer of a host for requests whose deadline passes. */
export function inboxTimer(inbox: InboxContext, host: string, onError: (error: unknown) => void): DueTimer {
  return new DueTimer(inbox.team, {
    isNews: ({ type }) => type.startsWith('inbox.'),
    act: () => expireDue(inbox, { actor: host, via: 'host' }),
    onError,
  })
}

/** False where it is not due by the clock of the store. */
async function expire(inbox: InboxContext, id: string, by: Identity): Promise<boolean> {
  const { isOver } = await onRequest(inbox, id, {
    by,
    async load(reader, row) {
      const text = row.defaultAnswer === null ? null : await unpackText(reader, row.defaultAnswer)
      const value = text === null ? null : (JSON.parse(text) as Json)
      return (now) => ({
        decided: { events: decideExpire(row, now) },
        settled: { request: row, state: 'expired', answer: value, comment: null, by: null },
      })
    },
  })
  return isOver
}

interface OnRequest {
  readonly by?: Identity
  readonly blobs?: readonly Blob[]
  readonly load: (
    reader: Reader,
    row: RequestRow,
  ) => Promise<(now: number) => { readonly decided: Decided; readonly settled: SettledRequest }>
}

/**
 * A command that settles a request, with what waits for it in the same commit.
 * `isOver`: it is settled now, by this command or before.
 */
async function onRequest(
  { team, waiters }: InboxContext,
  given: string,
  { by = team.by, blobs = [], load }: OnRequest,
): Promise<{ readonly id: string; readonly isOver: boolean }> {
  const { loaded, events } = await commit(team.store, {
    name: 'inbox.change',
    keys: ['inbox', 'board'],
    by,
    blobs,
    async load(reader) {
      const found = await lookUpRequest(reader, given)
      if ('refused' in found) return found
      const { row } = found
      const follows: ((settled: SettledRequest) => readonly NewEvent[])[] = []
      for (const waiter of waiters) follows.push(await waiter.load(reader, row))
      const open = await openAbout(reader, row.scope, row.subject)
      return { row, decide: await load(reader, row), follows, beside: open.filter(({ id }) => id !== row.id) }
    },
    decide(found, now): Decided {
      if ('refused' in found) return found
      const { decided, settled } = found.decide(now)
      if ('refused' in decided || decided.events.length === 0) return decided
      const following = found.follows.flatMap((follow) => follow(settled))
      // An item that has failed with it needs no other answer either.
      return { events: [...decided.events, ...following, ...withdrawals(following, found.beside)] }
    },
  })
  if ('refused' in loaded) throw toError(loaded.refused)
  return { id: loaded.row.id, isOver: loaded.row.state !== 'open' || events.length > 0 }
}

function packOptional(text: string | null): {
  readonly stored: StoredText | null
  readonly blobs: readonly Blob[]
} {
  return text === null ? { stored: null, blobs: [] } : packText(text)
}
