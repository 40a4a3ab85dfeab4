import { expect, it } from 'vitest'
import { agentRow } from '../../test/replay/example-rows.ts'
import { statusOf } from './display.ts'

const IDLE = agentRow()
const WORKING = agentRow({ turn: 'turn_1', queued: 2 })
const WAITING = agentRow({ queued: 1, ready: 1 })

it.each([
  ['idle', IDLE, { hosted: true, failed: false }],
  ['idle', IDLE, { hosted: false, failed: false }],
  ['error', IDLE, { hosted: true, failed: true }],
  ['error', IDLE, { hosted: false, failed: true }],
  ['working', WORKING, { hosted: true, failed: true }],
  ['offline', WORKING, { hosted: false, failed: false }],
  ['waiting', WAITING, { hosted: true, failed: true }],
  ['offline', WAITING, { hosted: false, failed: false }],
] as const)('an agent is %s with %o and %o', (status, agent, facts) => {
  expect(statusOf(agent, facts)).toBe(status)
})
