import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  scriptedBackend,
  type ScriptedBackend,
  type ScriptedOptions,
} from '../../src/agent-backends/scripted.ts'
import { CONTINUE_PROMPT, HANDOFF_NOTE } from '../../src/agents/recovery.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

interface Life {
  readonly shop: HostedWorkshop
  readonly backend: ScriptedBackend
  readonly clock: ManualClock
}

/** One life of a program whose sessions are files; the next one goes on in the same folder. */
async function live(
  dir: string,
  script: NonNullable<ScriptedOptions['script']>,
  sessions = true,
): Promise<Life> {
  const clock = new ManualClock()
  const backend = scriptedBackend({
    clock,
    script,
    ...(sessions ? { sessionsDir: join(dir, 'sessions') } : {}),
  })
  const shop = await openWorkshop({ dir, clock, config: false, backends: [backend] })
  onTestFinished(() => shop.close({ drain: false }))
  shop.configure({ backend: 'scripted' })
  shop.agent('impl', 'Implements.')
  return { shop, backend, clock }
}

describe('a turn that never reported back', () => {
  test('is not sent again where its session shows the prompt: the same session goes on', async () => {
    const dir = await temporaryFolder()
    const first = await live(dir, { rules: [{ match: 'work', steps: [{ hang: true }] }] })
    await first.shop.cast('impl', 'work')
    await first.clock.tick()
    const session = first.backend.requests[0]?.begin?.id
    expect(session).toBeDefined()
    await first.shop.close({ drain: false })

    const second = await live(dir, { reply: 'finished' })
    expect(await second.shop.await('impl')).toMatchObject({ text: 'finished' })
    expect(second.backend.requests.map(({ prompt, resume }) => [prompt, resume?.id])).toEqual([
      [CONTINUE_PROMPT, session],
    ])
    // The next message goes on in the recovered session.
    await second.shop.ask('impl', 'more')
    expect(second.backend.requests[1]?.resume?.id).toBe(session)
  })

  test('is settled with the answer that its session shows, and not run again', async () => {
    const dir = await temporaryFolder()
    const first = await live(dir, { reply: 'the answer' })
    // The host ends between the answer and its commit.
    first.shop.onActivity((_turn, event) => {
      if (event.t === 'end') void first.shop.close({ drain: false })
    })
    await first.shop.cast('impl', 'work')
    await first.shop.hostEnded
    await first.shop.close({ drain: false })

    const second = await live(dir, { reply: 'another answer' })
    const text = (await second.shop.await('impl'))?.text
    expect(text).toBe('the answer')
    expect(second.backend.turns).toBe(0)
  })

  test('is handed over with a note where its backend cannot look into sessions', async () => {
    const dir = await temporaryFolder()
    const first = await live(dir, { steps: [{ hang: true }] }, false)
    await first.shop.cast('impl', 'work')
    await first.clock.tick()
    await first.shop.close({ drain: false })

    const second = await live(dir, { reply: 'done' }, false)
    await second.shop.await('impl')
    expect(second.backend.requests.map(({ prompt, resume }) => [prompt, resume])).toEqual([
      [`${HANDOFF_NOTE}\n\nwork`, undefined],
    ])
  })

  test('an earlier message with the same prompt is not taken for its answer', async () => {
    const dir = await temporaryFolder()
    const first = await live(dir, { rules: [{ turn: 1, reply: 'first answer' }], steps: [{ hang: true }] })
    await first.shop.ask('impl', 'tick')
    await first.shop.cast('impl', 'tick')
    await first.clock.tick()
    await first.shop.close({ drain: false })

    const second = await live(dir, { reply: 'second answer' })
    expect(await second.shop.await('impl')).toMatchObject({ text: 'second answer' })
    expect(second.backend.requests.map(({ prompt }) => prompt)).toEqual([CONTINUE_PROMPT])
  })
})
