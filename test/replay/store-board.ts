/** The actions of `board-rows.ts` through the commands of `src/workers` on a real store. */
import { decideClaim, freeSlot } from '../../src/board/claiming.ts'
import { decideRemoval } from '../../src/board/removing.ts'
import { decideDefer } from '../../src/board/settling.ts'
import type { ItemRow } from '../../src/board/item.ts'
import { newId } from '../../src/ids.ts'
import type { Reader } from '../../src/store.ts'
import { commit, type TeamContext } from '../../src/team/context.ts'
import {
  cancelItem,
  claimItem,
  completeItem,
  failAttempt,
  failItem,
  postItems,
  reportPhase,
  reportProgress,
  retryItem,
  parkItem,
  returnItem,
  skipItem,
  startItem,
  wakeItem,
} from '../../src/workers/commands.ts'
import { unknownItem } from '../../src/workers/rows.ts'
import type { BoardAction } from './board-actions.ts'
import { errorOf, FAILED, postOf, resultOf, tokenOf } from './board-rows.ts'

export async function performOnBoard(team: TeamContext, action: BoardAction): Promise<void> {
  switch (action.do) {
    case 'postItems':
      return void (await postItems(team, action.items.map(postOf), { replace: action.replace }))
    case 'removeItems':
      return remove(team, action.items)
    case 'cancelItem':
      return cancelItem(team, action.item, 'Not needed.')
    case 'skipItem':
      return skipItem(team, action.item, 'Not needed.')
    case 'failItem':
      return failItem(team, action.item, FAILED)
    case 'retryItem':
      return retryItem(team, action.item)
    case 'wakeItem':
      return wakeItem(team, action.item)
    case 'claimItem':
      return action.host === null
        ? void (await claimItem(team, action.item, 'dev_1'))
        : claimForHost(team, action.item, action.host)
    case 'deferItem':
      return onRows(team, [action.item], ([item]) => decideDefer(item as ItemRow, action.waiting))
    default:
      return asAttempt(team, action)
  }
}

/** What is reported with the token of an attempt. */
async function asAttempt(
  team: TeamContext,
  action: Extract<BoardAction, { readonly isLate: boolean }>,
): Promise<void> {
  const { item } = action
  const token = tokenOf(await team.store.read((reader) => reader.get('item', item)), action.isLate)
  switch (action.do) {
    case 'startItem':
      return startItem(team, item, token)
    case 'phaseItem':
      return reportPhase(team, item, token, action.phase)
    case 'progressItem':
      return reportProgress(team, item, token, { percent: action.percent, step: 'on it' })
    case 'completeItem':
      return completeItem(team, item, {
        attempt: token,
        result: resultOf(action),
        verified: true,
        commit: 'c0ffee',
      })
    case 'failAttempt':
      return failAttempt(team, item, token, errorOf(action))
    case 'returnItem':
      return returnItem(team, item, token, action.outcome)
    case 'parkItem':
      return parkItem(team, item, token, { waiting: action.waiting })
  }
}

async function claimForHost(team: TeamContext, id: string, host: string): Promise<void> {
  const attempt = newId('att')
  await onRows(team, [id], async ([item], reader) => {
    const running = await reader.list('attempt', { where: { state: 'running' } })
    return decideClaim(item as ItemRow, {
      attempt,
      owner: 'dev_1',
      host,
      slot: freeSlot(running.map(({ slot }) => slot)),
      tree: null,
    })
  })
}

async function remove(team: TeamContext, ids: readonly string[]): Promise<void> {
  await onRows(team, ids, async (rows, reader) => {
    const board = await reader.list('item')
    return decideRemoval(rows, new Map(board.map((row) => [row.id, row])))
  })
}

/** A command on some items, none of which may be missing. */
async function onRows(
  team: TeamContext,
  ids: readonly string[],
  decide: (
    rows: readonly ItemRow[],
    reader: Reader,
  ) => ReturnType<typeof decideClaim> | Promise<ReturnType<typeof decideClaim>>,
): Promise<void> {
  await commit(team.store, {
    name: 'item.change',
    keys: ['board'],
    by: team.by,
    async load(reader) {
      const rows = await Promise.all(ids.map((id) => reader.get('item', id)))
      if (rows.some((row) => row === undefined)) return { refused: unknownItem(ids.join(', '), []) }
      return decide(rows as ItemRow[], reader)
    },
    decide: (decided) => decided,
  })
}
