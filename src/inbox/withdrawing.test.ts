import { expect, it } from 'vitest'
import { questionRow, requestRow } from '../../test/inbox/example-requests.ts'
import type { NewEvent } from '../events.ts'
import { withdrawals } from './withdrawing.ts'

const CANCELLED: NewEvent = { type: 'item.cancelled', data: { item: 'deploy', reason: 'Cancelled by sam.' } }

it('the end of an item takes its open requests along, and no others', () => {
  const open = [
    requestRow(),
    requestRow({ id: 'ask_2', subject: 'other' }),
    questionRow({ id: 'ask_3', subject: 'deploy' }),
    requestRow({ id: 'ask_4', state: 'answered' }),
  ]
  expect(withdrawals([CANCELLED], open)).toEqual([
    {
      type: 'inbox.withdrawn',
      data: { request: 'ask_1', scope: 'item', subject: 'deploy', reason: 'The item "deploy" is cancelled.' },
    },
  ])
})

it('what only goes on takes nothing along', () => {
  expect(withdrawals([{ type: 'item.readied', data: { item: 'deploy' } }], [requestRow()])).toEqual([])
})
