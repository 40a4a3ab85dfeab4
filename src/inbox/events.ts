/** What the log says about the inbox. Who answered is who committed `inbox.answered`. */
import type { StoredText } from '../json.ts'
import type { RequestKind, RequestScope } from './request.ts'

/** Which request, and what it is about: so that a watcher needs no row. */
interface About {
  readonly request: string
  readonly scope: RequestScope
  readonly subject: string
}

export interface InboxEvents {
  'inbox.asked': About & {
    readonly kind: RequestKind
    readonly askedBy: string
    readonly question: StoredText
    readonly details: StoredText | null
    readonly options: readonly string[] | null
    readonly whoMayAnswer: readonly string[]
    readonly deadline: number | null
    readonly defaultAnswer: StoredText | null
  }
  /** `answer` is JSON text. */
  'inbox.answered': About & { readonly answer: StoredText; readonly comment: StoredText | null }
  /** Nobody answered in time. `answer`: the default that is taken, as JSON text; null if there is none. */
  'inbox.expired': About & { readonly answer: StoredText | null }
  /** Nobody needs the answer any more. */
  'inbox.withdrawn': About & { readonly reason: StoredText }
}
