/** Capabilities on a command line: asking whoever can, posting what only some can do, and seeing who could. */
import { expect, it, onTestFinished } from 'vitest'
import type { Outputs } from '../../src/operations/outputs.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { cli, project, shellWords } from './support.ts'

const TEAM = {
  backend: 'scripted',
  scripted: { reply: 'ok' },
  profiles: {
    senior: {
      role: 'You know it all.',
      capabilities: ['review:9', { name: 'audit', outputs: ['findings'] }],
    },
  },
  agents: {
    impl: { role: 'You write code.' },
    sage: { profile: 'senior' },
    pupil: { role: 'x', capabilities: ['review:2'] },
  },
}

type Outcome = Awaited<ReturnType<typeof cli>>

async function typed(dir: string, line: string): Promise<Outcome> {
  return cli([...shellWords(line), '--dir', dir])
}

it('D07 D25: ask --capability asks whoever can do it best, and says so where nobody can', async () => {
  const dir = project(TEAM)
  const asked = await typed(dir, "ask --capability review 'Look for races' --json")
  expect(JSON.parse(asked.out)).toMatchObject({ agent: 'sage', text: 'ok' })
  const among = await typed(dir, 'ask --capability review --among pupil,impl Look --json')
  expect(JSON.parse(among.out)).toMatchObject({ agent: 'pupil' })
  const none = await typed(dir, 'ask --capability cooking Cook')
  expect([none.status, none.err]).toEqual([
    1,
    expect.stringContaining('No agent with the capability "cooking"'),
  ])
  const both = await typed(dir, 'ask impl')
  expect(both.status).not.toBe(0)
})

it('D21: --task asks, and posts for, whoever has the role for that kind of work', async () => {
  const dir = project({
    ...TEAM,
    agents: { ...TEAM.agents, arch: { role: 'x', capabilities: ['architect'] }, dev: { profile: 'coder' } },
  })
  const hard = await typed(dir, "ask --task system_design --complexity 8 'Design the cache' --json")
  expect(JSON.parse(hard.out)).toMatchObject({ agent: 'arch', text: 'ok' })
  const easy = await typed(dir, "ask --task system_design 'Design the cache' --json")
  expect(JSON.parse(easy.out)).toMatchObject({ agent: 'dev' })
  const added = await typed(dir, "work add x 'Test it' --task testing --complexity 3")
  expect(added.status).toBe(0)
  expect((await typed(dir, 'work show x')).out).toMatch(/capability\s+tester/u)
  const refusedBy = async (line: string): Promise<unknown> => {
    const { status, err } = await typed(dir, line)
    return [status, err]
  }
  expect(await refusedBy('ask --task testing --capability review Look')).toEqual([
    2,
    expect.stringContaining('task is "testing"; it must be left out where "capability" says who does it'),
  ])
  expect(await refusedBy('ask impl Look --complexity 3')).toEqual([
    2,
    expect.stringContaining('Name an agent, or a capability or task in its place'),
  ])
  expect(await refusedBy("work add y 'Test it' --task testing --agent impl")).toEqual([
    2,
    expect.stringContaining('left out where "agent" says who does it'),
  ])
  expect((await typed(dir, 'profiles')).out).toMatch(/coder.*developer 5/u)
})

it('D20: info and profiles show what an agent can do', async () => {
  const dir = project(TEAM)
  await typed(dir, "profile writer 'You write docs.' --capabilities docs:8,code")
  expect((await typed(dir, 'info sage')).out).toMatch(/capabilities\s+review 9, audit 5/u)
  expect((await typed(dir, 'profiles')).out).toContain('docs 8, code 5')
})

it('D07 D12: board and show say which capability is missing, and what is due', async () => {
  const dir = project(TEAM)
  await typed(dir, "work add look 'Review it' --type code --capability review:8 --deadline 3h --value 2")
  const shop = await openWorkshop({ dir, host: 'library' })
  onTestFinished(() => shop.close({ drain: false }))
  await shop.boardWorker('dev', 'code', {
    capabilities: ['code'],
    concurrency: { min: 1, max: 4 },
    scaling: 'reactive',
  }).stored
  await expect.poll(async () => (await shop.workers()).length).toBe(1)
  const hint = 'No worker for capability review:8 yet: atelier board-worker NAME code --capabilities review:8'
  expect((await typed(dir, 'board')).out).toContain(hint)
  const shown = (await typed(dir, 'work show look')).out
  expect(shown).toMatch(/why\s+no worker for capability review:8 yet/u)
  expect(shown).toMatch(/capability\s+review:8/u)
  expect(shown).toMatch(/value\s+2/u)
  expect(shown).toMatch(/deadline\s+\S+, in .*; dynamic priority 10\.\d/u)
  const workers = (await typed(dir, 'workers')).out
  expect(workers).toMatch(/dev\s+code\s+1 of 1–4\s+code 5/u)
  expect(workers).toContain('healthy')
  const [worker] = JSON.parse((await typed(dir, 'workers --json')).out) as Outputs['workers']
  expect(worker).toMatchObject({ health: 'healthy', efficiency: 1, routing: 'least_loaded', maxAgents: 4 })
})
