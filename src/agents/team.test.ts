import { describe, expect, it } from 'vitest'
import { agentRow, deliveredRow, messageRow, scheduleRow } from '../../test/replay/example-rows.ts'
import { NEVER } from './projection.ts'
import { decideCreate, decideDismiss, decideReset, type CreateAgent } from './team.ts'

const CREATE: CreateAgent = {
  agent: 'impl',
  profile: 'coder',
  backend: 'scripted',
  model: 'opus',
  account: 'scripted',
  definition: 'hash',
  capabilities: [],
}
const SAME = agentRow({ profile: 'coder', definition: 'hash', generation: 4 })
const OPEN = [deliveredRow(), messageRow({ id: 'msg_2', position: 11 })]

function types(decided: { readonly events: readonly { readonly type: string }[] } | object): string[] {
  return 'events' in decided ? decided.events.map(({ type }) => type) : []
}

describe('creating an agent', () => {
  it('makes a new one', () => {
    expect(decideCreate(CREATE, undefined, [])).toEqual({
      events: [{ type: 'agent.created', data: { ...CREATE, generation: 1, replaced: false } }],
    })
  })

  it('changes nothing where it is the same one, so that a program that starts again goes on', () => {
    expect(decideCreate(CREATE, SAME, OPEN)).toEqual({ events: [] })
  })

  it.each([
    ['with another definition', { ...SAME, definition: 'other' }],
    ['of another profile', { ...SAME, profile: null }],
  ])('replaces one %s, and cancels what it has to do', (_name, row) => {
    const decided = decideCreate(CREATE, row, OPEN)
    expect(types(decided)).toEqual(['message.cancelled', 'message.cancelled', 'agent.created'])
    expect(decided).toMatchObject({
      events: [
        { data: { message: 'msg_1', reason: 'Agent "impl" was replaced.' } },
        { data: { message: 'msg_2' } },
        { data: { generation: 5, replaced: true } },
      ],
    })
  })

  it('brings a dismissed one back to life, also with the same definition', () => {
    expect(decideCreate(CREATE, { ...SAME, state: 'dismissed' }, [])).toEqual({
      events: [{ type: 'agent.created', data: { ...CREATE, generation: 5, replaced: false } }],
    })
  })
})

describe('resetting an agent', () => {
  it('cancels what it has to do and begins a new generation', () => {
    const decided = decideReset('impl', SAME, OPEN, [])
    expect(types(decided)).toEqual(['message.cancelled', 'message.cancelled', 'agent.reset'])
    expect(decided).toMatchObject({
      events: [
        { data: { reason: 'Agent "impl" was reset.' } },
        {},
        { data: { agent: 'impl', generation: 5 } },
      ],
    })
  })

  it.each([
    ['unknown', undefined],
    ['dismissed', agentRow({ state: 'dismissed' })],
  ])('is refused where it is %s', (_name, row) => {
    expect(decideReset('imp', row, [], ['impl'])).toMatchObject({
      refused: { code: 'not_found', details: { nearest: ['impl'] } },
    })
  })
})

describe('dismissing an agent', () => {
  it('cancels what it has to do', () => {
    const decided = decideDismiss('impl', SAME, OPEN, undefined)
    expect(types(decided)).toEqual(['message.cancelled', 'message.cancelled', 'agent.dismissed'])
    expect(decided.events[0]?.data).toMatchObject({ reason: 'Agent "impl" was dismissed.' })
  })

  it('ends its schedule, so that a later agent of the name does not inherit it', () => {
    expect(types(decideDismiss('impl', SAME, [], scheduleRow()))).toEqual([
      'schedule.cancelled',
      'agent.dismissed',
    ])
  })

  it('leaves a schedule alone that was cancelled before', () => {
    expect(types(decideDismiss('impl', SAME, [], scheduleRow({ nextAt: NEVER })))).toEqual([
      'agent.dismissed',
    ])
  })

  it.each([
    ['unknown', undefined],
    ['dismissed already', agentRow({ state: 'dismissed' })],
  ])('does nothing where it is %s', (_name, row) => {
    expect(decideDismiss('impl', row, [], scheduleRow())).toEqual({ events: [] })
  })
})
