import { describe, expect, it } from 'vitest'
import { sessionOf, USAGE } from '../../test/replay/example-rows.ts'
import { CONTINUE_PROMPT, HANDOFF_NOTE, planTurn, RESUME_NOTE, type PlanInput } from './recovery.ts'

const BEFORE = sessionOf(1)
const BEGUN = sessionOf(2)
const NEXT = sessionOf(3)
const INPUT: PlanInput = {
  prompt: 'Fix it',
  previous: { state: 'lost', session: BEFORE, begins: null },
  evidence: { shows: 'unknown' },
  session: BEFORE,
  begin: NEXT,
}

describe('the first turn of a message', () => {
  it('goes on in the agent’s session, or begins one', () => {
    expect(planTurn({ ...INPUT, previous: undefined })).toEqual({
      do: 'run',
      prompt: 'Fix it',
      resume: BEFORE,
      begin: null,
    })
    expect(planTurn({ ...INPUT, previous: undefined, session: null })).toEqual({
      do: 'run',
      prompt: 'Fix it',
      resume: null,
      begin: NEXT,
    })
  })
})

describe('a message whose turn was lost', () => {
  it('takes the answer that the session shows', () => {
    const evidence = { shows: 'answer', text: 'done', usage: USAGE, session: NEXT } as const
    expect(planTurn({ ...INPUT, evidence })).toEqual({
      do: 'take',
      text: 'done',
      usage: USAGE,
      session: NEXT,
    })
    expect(planTurn({ ...INPUT, evidence: { shows: 'answer', text: 'done' } })).toEqual({
      do: 'take',
      text: 'done',
      usage: null,
      session: BEFORE,
    })
  })

  it('is not sent again where the session shows the prompt: it goes on there', () => {
    const previous = { state: 'lost', session: BEFORE, begins: BEGUN } as const
    expect(planTurn({ ...INPUT, previous, evidence: { shows: 'prompt' } })).toEqual({
      do: 'run',
      prompt: CONTINUE_PROMPT,
      resume: BEGUN,
      begin: null,
    })
  })

  it('is sent where nothing arrived', () => {
    expect(planTurn({ ...INPUT, evidence: { shows: 'nothing' } })).toMatchObject({
      do: 'run',
      prompt: 'Fix it',
      resume: BEFORE,
    })
  })

  it('is handed over to a new session where nobody can tell', () => {
    expect(planTurn(INPUT)).toEqual({
      do: 'run',
      prompt: `${HANDOFF_NOTE}\n\nFix it`,
      resume: null,
      begin: NEXT,
    })
  })

  it('is sent where an answer is said to be in no session', () => {
    const previous = { state: 'lost', session: null, begins: null } as const
    expect(planTurn({ ...INPUT, previous, evidence: { shows: 'answer', text: 'done' } })).toMatchObject({
      prompt: 'Fix it',
    })
  })
})

it('a deferred message goes on in its session without a note', () => {
  const previous = { state: 'deferred', session: BEFORE, begins: null } as const
  expect(planTurn({ ...INPUT, previous })).toEqual({
    do: 'run',
    prompt: 'Fix it',
    resume: BEFORE,
    begin: null,
  })
})

describe('an attempt that was suspended', () => {
  const SUSPENDED: PlanInput = {
    ...INPUT,
    previous: { state: 'deferred', session: null, begins: BEGUN },
    session: null,
    isSuspended: true,
  }

  it.each([{ shows: 'prompt' }, { shows: 'answer', text: 'I have asked.' }] as const)(
    'goes on in its session, also where it had said something',
    (evidence) => {
      expect(planTurn({ ...SUSPENDED, evidence })).toEqual({
        do: 'run',
        prompt: `${RESUME_NOTE}\n\nFix it`,
        resume: BEGUN,
        begin: null,
      })
    },
  )

  it('begins anew where its session was never begun', () => {
    const evidence = { shows: 'nothing' } as const
    expect(planTurn({ ...SUSPENDED, evidence })).toEqual({
      do: 'run',
      prompt: 'Fix it',
      resume: null,
      begin: NEXT,
    })
    const previous = { state: 'deferred', session: BEFORE, begins: null } as const
    expect(planTurn({ ...SUSPENDED, previous, evidence })).toMatchObject({ resume: BEFORE })
  })

  it.each([
    ['cannot be had here', { shows: 'unknown' }, BEGUN],
    ['was never named', { shows: 'prompt' }, null],
  ] as const)('is handed over where its session %s', (_name, evidence, begins) => {
    const previous = { state: 'deferred', session: null, begins } as const
    expect(planTurn({ ...SUSPENDED, previous, evidence })).toEqual({
      do: 'run',
      prompt: `${HANDOFF_NOTE}\n\nFix it`,
      resume: null,
      begin: NEXT,
    })
  })
})
