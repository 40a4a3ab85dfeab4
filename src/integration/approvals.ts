/** Merges that a person lets go on: asked for in the inbox, and decided in the commit of the answer. */
import type { MergeRow } from '../board/merge.ts'
import { decideApprove, decideRefuse } from '../board/merge-queue.ts'
import { APPROVE, PERSON, VERDICTS, type RequestRow } from '../inbox/request.ts'
import type { CancelTimer } from '../time/clock.ts'
import type { Reader } from '../store.ts'
import { unpackText, type TeamContext } from '../team/context.ts'
import { ask, type InboxWaiter } from '../team/inbox.ts'

/** Who asks where nobody in particular does. */
const ENGINE = 'atelier'

/** The merge that a request is about; undefined for other requests. */
async function mergeOf(
  reader: Reader,
  { kind, details }: Pick<RequestRow, 'kind' | 'details'>,
): Promise<MergeRow | undefined> {
  if (kind !== 'merge' || details === null) return undefined
  const { merge } = JSON.parse(await unpackText(reader, details)) as { readonly merge?: unknown }
  return typeof merge === 'string' ? reader.get('merge', merge) : undefined
}

/** A held merge goes on, or is refused, in the commit of the answer. */
export const mergesWaiting: InboxWaiter = {
  async load(reader, request) {
    const merge = await mergeOf(reader, request)
    return ({ answer, comment }) => {
      if (merge === undefined || answer === null) return []
      const decided = answer === APPROVE ? decideApprove(merge) : decideRefuse(merge, comment ?? 'Rejected.')
      // It may have been let go on, or taken back, by other means.
      return 'events' in decided ? decided.events : []
    }
  },
}

/** Asks a person about each merge that is held for one. */
export class MergeApprovals {
  readonly #team: TeamContext
  readonly #onError: (error: unknown) => void
  #unsubscribe: CancelTimer = () => {}

  constructor(team: TeamContext, onError: (error: unknown) => void) {
    this.#team = team
    this.#onError = onError
  }

  /** Asks about what was held while no host was there, and listens from now on. */
  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (event.type === 'merge.held' && event.data.reason === 'manual')
        void this.#ask(event.data.merge).catch(this.#onError)
    })
    const held = await this.#team.store.read((reader) => reader.list('merge', { where: { state: 'held' } }))
    for (const { id, reason } of held) if (reason === 'manual') await this.#ask(id)
  }

  close(): void {
    this.#unsubscribe()
  }

  async #ask(id: string): Promise<void> {
    const { merge, flags } = await this.#team.store.read(async (reader) => {
      const row = await reader.get('merge', id)
      return { merge: row, flags: row && (await reader.get('item', row.item))?.flags }
    })
    if (merge?.state !== 'held') return
    const { item, title, head, target } = merge
    const branch = target.replace(/^refs\/heads\//u, '')
    const warning = flags === undefined || flags.length === 0 ? '' : ` It ${flags.join(', and ')}.`
    // The same question is asked once, however many hosts ask it.
    await ask(
      { team: this.#team },
      {
        question: `May the work of "${item}" (${title}) be merged into ${branch}?${warning} Look at it with: git diff ${branch}...${head.slice(0, 10)}`,
        kind: 'merge',
        scope: 'item',
        subject: item,
        details: JSON.stringify({ merge: id, head, target }),
        defaultAnswer: null,
        options: VERDICTS,
        whoMayAnswer: [PERSON],
        withinMs: null,
      },
      { askedBy: ENGINE },
    )
  }
}
