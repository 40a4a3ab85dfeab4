import { describe, expect, test } from 'vitest'
import type { AtelierEvent } from '../../src/events.ts'
import { openTeam } from './team.ts'

describe('the record (A40, A47, A48, E14)', () => {
  test('every prompt, answer, tool call and message is in the transcript or the log', async () => {
    const { shop, clock } = await openTeam({
      steps: [
        { think: 'let me see' },
        { say: 'I will look.' },
        { tool: { name: 'Read', kind: 'read', input: { path: 'a.js' }, output: 'x'.repeat(9000) } },
        { tool: { name: 'Bash', kind: 'exec', input: { command: 'npm test' }, output: 'ok' } },
        { say: 'done: @PROMPT@' },
      ],
    })
    const asks = ['impl', 'reviewer', 'tests'].flatMap((agent) =>
      [1, 2].map((n) => shop.ask(agent, `${agent} ${n}`)),
    )
    const replies = await Promise.all(asks)
    await clock.tick()

    const events = await shop.events({ last: 500 })
    const count = (type: AtelierEvent['type']): number => events.filter((event) => event.type === type).length
    expect([count('message.posted'), count('turn.started'), count('turn.finished')]).toEqual([6, 6, 6])

    for (const reply of replies) {
      const transcript = await shop.transcript(reply.turn)
      expect(transcript.map(({ kind }) => kind)).toEqual([
        'prompt',
        'reasoning',
        'text',
        'tool',
        'tool_result',
        'tool',
        'tool_result',
        'answer',
      ])
      expect(transcript[0]?.body).toMatchObject({ text: expect.stringContaining(reply.agent) as string })
      expect(transcript[4]?.body).toMatchObject({ name: 'Read', output: 'x'.repeat(9000) })
      expect(transcript.at(-1)?.body).toEqual({ text: reply.text })
    }
  })

  test('events carry who did it, and a turn is the host’s', async () => {
    const { shop } = await openTeam()
    await shop.ask('impl', 'hello')
    const events = await shop.events({ last: 100 })
    expect(events.find(({ type }) => type === 'message.posted')).toMatchObject({
      actor: 'tester',
      via: 'library',
    })
    expect(events.find(({ type }) => type === 'turn.started')).toMatchObject({ via: 'host' })
  })

  test('watch shows what happens from its call on, in order, and ends when it is left', async () => {
    const { shop } = await openTeam()
    const seen: string[] = []
    const watch = shop.watch({ agent: 'impl' })
    await shop.ask('reviewer', 'not this')
    await shop.ask('impl', 'hello')
    for await (const event of watch) {
      seen.push(event.type)
      if (event.type === 'turn.finished') break
    }
    expect(seen).toEqual(['message.posted', 'turn.started', 'turn.finished'])
  })

  test('events after a number are a page of the log', async () => {
    const { shop } = await openTeam()
    await shop.ask('impl', 'hello')
    const all = await shop.events({ last: 100 })
    const after = await shop.events({ after: all[2]?.seq ?? 0, last: 2 })
    expect(after.map(({ seq }) => seq)).toEqual(all.slice(3, 5).map(({ seq }) => seq))
  })
})
