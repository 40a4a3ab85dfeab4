/** A board of nothing but decisions and rows, for tests that tell a story about a few items. */
import type { ItemRow } from '../../src/board/item.ts'
import { displayState } from '../../src/board/display.ts'
import type { RetryPreset } from '../../src/board/retry-policy.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { BoardAction, BoardDo } from '../replay/board-actions.ts'
import { RowTeam, type Result } from '../replay/row-team.ts'

/** An item by its id, what it depends on after an arrow: `c < a b`. */
export type Item = string

export class SmallBoard {
  readonly team: RowTeam = new RowTeam()

  /** Posts a batch, and says what came of it. */
  post(
    items: readonly Item[],
    {
      replace = false,
      retry = 'none',
      priority = 3,
    }: {
      readonly replace?: boolean
      readonly retry?: RetryPreset
      readonly priority?: number
    } = {},
  ): string {
    const batch = items.map((item) => {
      const [id = '', behind = ''] = item.split(' < ')
      const dependsOn = behind.split(' ').filter((each) => each !== '')
      return { id, dependsOn, priority, estimateMs: 1000, retry }
    })
    return this.#told({ do: 'postItems', items: batch, replace })
  }

  claim(...items: string[]): string {
    return items.map((item) => this.#told({ do: 'claimItem', item, host: 'host_1' })).join(' ')
  }

  /** Claims each item and completes it. */
  finish(...items: string[]): string {
    return items
      .map((item) => {
        this.claim(item)
        return this.#told({ do: 'completeItem', item, isLong: false, isLate: false })
      })
      .join(' ')
  }

  /** Claims an item and fails the attempt. */
  fail(item: string, code: ErrorCode = 'turn_failed'): string {
    this.claim(item)
    return this.#told({ do: 'failAttempt', item, code, isLate: false })
  }

  lose(item: string): string {
    this.claim(item)
    return this.#told({ do: 'returnItem', item, outcome: 'lost', isLate: false })
  }

  do(what: Exclude<BoardDo, 'postItems' | 'removeItems'>, item: string, more: object = {}): string {
    return this.#told({ do: what, item, isLate: false, ...more } as BoardAction)
  }

  remove(...items: string[]): string {
    return this.#told({ do: 'removeItems', items })
  }

  pass(ms: number): void {
    this.team.perform({ do: 'pass', ms })
  }

  get(id: string): ItemRow {
    const row = this.team.get('item', id)
    if (row === undefined) throw new Error(`There is no item ${id}.`)
    return row
  }

  /** The state of each item in the words of the board; of a blocked one with its causes. */
  states(): Record<string, string> {
    return Object.fromEntries(
      this.team.list('item').map((row) => {
        const { waiting } = row
        const by = waiting?.for === 'failed_dependency' ? ` by ${waiting.causes.join(' ')}` : ''
        return [row.id, `${displayState(row)}${by}`]
      }),
    )
  }

  /** The types of the events, or the code of the refusal. */
  #told(action: BoardAction): string {
    const result: Result = this.team.perform(action)
    return 'refused' in result ? result.refused : result.events.map(({ type }) => type).join(' ')
  }
}
