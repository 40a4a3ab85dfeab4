/**
 * One life of a program under chaos: it declares its team, casts what was not accepted yet, and waits.
 * It is started again and again on the same folder until it ends by itself.
 *
 * usage: worker.ts DIR CASTS
 */
import { readFileSync, writeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { HANDOFF_NOTE } from '../src/agents/recovery.ts'
import { isAtelierError } from '../src/errors.ts'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import { openWorkshop } from '../src/workshop.ts'

export const AGENTS = ['a1', 'a2', 'a3', 'a4', 'a5'] as const

/** The prompt of one cast; its answer is derived from it, so that a mixed-up answer shows. */
export function promptOf(n: number): string {
  return `task ${n}${n % 7 === 0 ? ` ${'long '.repeat(1200)}` : ''}`
}

/** The prompt without the note that hands over the work of an interrupted turn. */
function taskIn(prompt: string): string {
  return prompt.startsWith(HANDOFF_NOTE) ? prompt.slice(HANDOFF_NOTE.length).trimStart() : prompt
}

export function answerTo(prompt: string): string {
  return `answer to ${prompt}`
}

async function main(dir: string, casts: number): Promise<void> {
  const shop = await openWorkshop({
    dir,
    config: false,
    backends: [
      scriptedBackend({
        log: join(dir, 'turns.log'),
        script: {
          costUsd: 0.01,
          // Every tenth turn is long enough for its transcript to be written while it runs.
          reply: ({ prompt }) => [
            { tool: { name: 'Read', output: 'x' } },
            // Every tenth leaves a process in the background, in a session of its own.
            ...(taskIn(prompt).startsWith('task 5') ? [{ run: 'setsid sleep 600 >/dev/null 2>&1 &' }] : []),
            { delay: taskIn(prompt).startsWith('task 3') ? 300 : 2 },
            { say: answerTo(taskIn(prompt)) },
          ],
        },
      }),
    ],
  })
  shop.configure({ backend: 'scripted', concurrency: 5 })
  for (const agent of AGENTS) shop.agent(agent, `Agent ${agent}.`)
  await exercise(shop)
  const accepted = openSync(join(dir, 'accepted.log'), 'a')
  const done = new Set(await castPrompts(shop))
  for (let n = 0; n < casts; n++) {
    if (done.has(promptOf(n))) continue
    await castWhenPossible(shop, AGENTS[n % AGENTS.length] as string, promptOf(n))
    writeSync(accepted, `${n}\n`)
  }
  await shop.awaitAll()
  await shop.close()
}

/** One of every other command, so that its failpoints are passed, too. */
async function exercise(shop: HostedWorkshop): Promise<void> {
  shop.profile('extra', 'Extra.')
  shop.agent('extra', { profile: 'extra' })
  await shop.setBudget(1000)
  const count = Number((await shop.get('lives')) ?? 0)
  await shop.put('lives', count + 1)
  await shop.every('extra', 'tick', 20)
  const hanging = shop.ask('extra', 'cancel me', { signal: AbortSignal.abort() })
  await hanging.catch(() => {})
  for await (const event of shop.watch({ after: 0, types: ['schedule.ticked'] })) {
    if (event.type === 'schedule.ticked') break
  }
  await shop.reset('extra')
  await shop.cancelSchedule('extra')
  await shop.dismiss('extra')
}

/** Prompts that were accepted in earlier lives. */
async function castPrompts(shop: HostedWorkshop): Promise<string[]> {
  const prompts: string[] = []
  for (const agent of AGENTS)
    for (const { prompt } of await shop.history(agent, { last: 1000 })) prompts.push(prompt)
  return prompts
}

async function castWhenPossible(shop: HostedWorkshop, agent: string, prompt: string): Promise<void> {
  for (;;) {
    try {
      await shop.cast(agent, prompt)
      return
    } catch (error) {
      if (!isAtelierError(error, 'queue_full')) throw error
      await shop.await(agent)
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , dir = '', casts = '50'] = process.argv
  readFileSync(join(dir, 'turns.log'), { flag: 'a+' })
  await main(dir, Number(casts))
}
