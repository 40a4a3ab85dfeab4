/** The inbox as users call it. */
import { APPROVE, REJECT } from '../inbox/request.ts'
import { parseAnswer, parseRequest } from '../inbox/request-schema.ts'
import { AtelierError } from '../errors.ts'
import { answer, ask, expireDue, withdraw, type InboxContext } from '../team/inbox.ts'
import { viewInbox, viewRequest } from '../team/inbox-views.ts'
import { answered } from '../team/inbox-waiting.ts'
import { parseDuration } from '../time/duration.ts'
import { itemSubject } from '../workers/inbox.ts'
import type { InboxMembers, RequestOptions } from './inbox-contract.ts'

export interface InboxParts {
  readonly inbox: InboxContext
  /** Throws where the workshop is closed. */
  readonly open: () => void
}

/** The members of a workshop that are about its inbox. */
export function createInbox({ inbox, open }: InboxParts): InboxMembers {
  const { team } = inbox
  const view = (id: string): ReturnType<typeof viewRequest> => viewRequest(team.store, id)

  async function settle(
    id: string,
    value: unknown,
    comment: unknown,
    isVerdict: boolean,
  ): ReturnType<typeof view> {
    open()
    const parsed = parseAnswer(value, comment)
    return view(await answer(inbox, id, { ...parsed, isVerdict }))
  }

  return {
    async inbox(filter) {
      // Without a host nobody else takes a default that is due.
      await expireDue(inbox)
      return viewInbox(team.store, filter)
    },
    async request(question, { hold = false, ...options }: RequestOptions = {}) {
      open()
      const parsed = parseRequest({ ...options, question }, team.by.actor)
      const isItem = parsed.scope === 'item'
      if (hold && !isItem) throw holdsNothing()
      const subject = isItem ? { subject: itemSubject(parsed.subject, parsed.kind, { hold }) } : {}
      return view(await ask(inbox, parsed, subject))
    },
    async answered(id, { timeout, signal } = {}) {
      const limit = timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, 'timeout') }
      const row = await answered(inbox, id, { ...limit, ...(signal === undefined ? {} : { signal }) })
      return view(row.id)
    },
    answer: (id, value, { comment } = {}) => settle(id, value, comment, false),
    approve: (id, comment) => settle(id, APPROVE, comment, true),
    reject: (id, reason) => settle(id, REJECT, reason, true),
    async withdraw(id, reason = `Withdrawn by ${team.by.actor}.`) {
      open()
      return view(await withdraw(inbox, id, reason))
    },
  }
}

function holdsNothing(): AtelierError {
  return new AtelierError(
    'invalid_input',
    'A request holds an item until it is answered: name the item, or leave out hold.',
    { details: { field: 'hold' } },
  )
}
