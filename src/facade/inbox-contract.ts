/** The members of a workshop that are about its inbox. */
import type { RequestInput } from '../inbox/request-schema.ts'
import type { Json } from '../json.ts'
import type { InboxFilter, InboxView } from '../team/view-types.ts'
import type { WaitOptions } from './contract.ts'

/** What a request may have beside its question. */
export type RequestOptions = Omit<RequestInput, 'question' | 'run'> & {
  /**
   * With `item`: the item is not claimed before the answer has come, and fails if it is a rejection. It must be ready, or be
   * run by a worker: that attempt is suspended, and goes on where it stopped.
   */
  readonly hold?: boolean | undefined
}

/** What only reads the inbox. */
export interface InboxViews {
  /** What waits for an answer, the oldest first; with `all` also what is settled. */
  inbox(filter?: InboxFilter): Promise<readonly InboxView[]>
}

/** What changes the inbox. An id may be given by its beginning. Each resolves to the request as it is then. */
export interface InboxMembers extends InboxViews {
  /** Asks. The same request again, while it is open, is the same request. */
  request(question: string, options?: RequestOptions): Promise<InboxView>
  /** Resolves when a request is settled: by an answer, by its deadline, or because it was withdrawn. */
  answered(id: string, options?: WaitOptions): Promise<InboxView>
  /**
   * Answers. The same answer again by the same actor changes nothing; any other one to what is settled is refused with
   * `already_done`, which names the answer that counts.
   */
  answer(id: string, answer: Json, options?: { readonly comment?: string | undefined }): Promise<InboxView>
  /** Approves a permission, an approval or a merge. */
  approve(id: string, comment?: string): Promise<InboxView>
  /** Rejects one; an item that waits for it has failed with `gate_rejected` and the reason. */
  reject(id: string, reason: string): Promise<InboxView>
  /** Takes a request back; what waits for it goes on. */
  withdraw(id: string, reason?: string): Promise<InboxView>
}
