import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { WorkflowDefinition } from '../../src/workflow/definition.ts'
import { temporaryFolder } from '../direct/team.ts'
import { startChild, type TestProcess } from '../hosts/processes.ts'
import { openBoard, type TestBoard } from '../workers/board.ts'
import { map, work, workflow } from '../workflow/example-stages.ts'
import { ENDED, stages, turnOf } from './shop.ts'

interface HostInput {
  readonly dir: string
  readonly script: object
  readonly definition?: WorkflowDefinition
  readonly env?: Readonly<Record<string, string>>
}

function startHost({ dir, script, definition, env = {} }: HostInput): TestProcess {
  const program = resolve(import.meta.dirname, 'children/run-host.ts')
  const args = [dir, join(dir, 'turns.log'), JSON.stringify(script)]
  return startChild(
    program,
    [...args, ...(definition === undefined ? [] : [JSON.stringify(definition)])],
    env,
  )
}

/** Phases of four agents: each begins when all of the one before have ended. */
function phases(count: number): WorkflowDefinition {
  const agents = Array.from({ length: 4 }, (_, index) => index)
  return workflow(
    Array.from({ length: count }, (_, phase) =>
      agents.map((index) => {
        const before = phase === 0 ? [] : agents.map((each) => `p${phase - 1}_${each}`)
        const title = `Do p${phase}_${index}`
        return work(`p${phase}_${index}`, before, {
          title,
          from: stages(...before),
          work: turnOf(`p${phase}_${index}`, { profile: 'dev' }),
        })
      }),
    ).flat(),
    { result: `p${count - 1}_0` },
  )
}

/** What each agent was asked, as the backends noted it themselves. */
async function turnsIn(dir: string): Promise<readonly string[]> {
  const lines = (await readFile(join(dir, 'turns.log'), 'utf8')).trim().split('\n')
  const turns = lines.map((line) => JSON.parse(line) as { readonly at: string; readonly agent: string })
  return turns.filter(({ at }) => at === 'start').map(({ agent }) => agent)
}

/** Who settled what, so that nothing was done twice. */
async function settledTwice({ events }: TestBoard): Promise<readonly string[]> {
  const done = (await events('item.done', 'stage.done')).map(({ type, data }) =>
    type === 'item.done' ? data.item : type === 'stage.done' ? `${data.run} ${data.stage} ${data.round}` : '',
  )
  return done.filter((each, index) => done.indexOf(each) !== index)
}

describe('a run whose host is killed', () => {
  it('goes on behind its last checkpoint, repeats nothing that was finished, and ends as it would have (AS-97, C23, C24, C25)', async () => {
    const dir = await temporaryFolder()
    const script = {
      rules: [
        { match: 'Do p2', steps: [{ hang: true }] },
        { match: 'Do p', reply: 'made' },
      ],
    }
    const first = startHost({ dir, script, definition: phases(4) })
    await first.line('started feature-1')
    const look = await openBoard({}, { dir, persistence: true, host: 'none' })
    await expect
      .poll(async () => (await look.shop.run('feature-1').status()).checkpoints, { timeout: 20_000 })
      .toBe(2)
    first.child.kill('SIGKILL')
    await first.ended
    const second = startHost({ dir, script: { rules: [{ match: 'Do p', reply: 'made' }] } })
    await second.line('ready')
    expect(await look.shop.run('feature-1').result(ENDED)).toBe('made')
    const turns = await turnsIn(dir)
    for (const phase of [0, 1])
      for (const agent of [0, 1, 2, 3])
        expect(turns.filter((id) => id === `p${phase}_${agent}`)).toHaveLength(1)
    expect(await settledTwice(look)).toEqual([])
    const { checkpoints } = await look.shop.run('feature-1').status()
    expect(checkpoints).toBe(4)
  })

  it.each([
    'run.start.before-commit',
    'run.start.after-commit',
    'item.settle.before-commit:3',
    'item.settle.after-commit:3',
    'item.claim.after-commit:6',
    'turn.finish.after-commit:5',
  ])('is resumed by whoever opens next after %s (E09, A44)', async (failpoint) => {
    const dir = await temporaryFolder()
    const script = { rules: [{ match: 'Do p', reply: 'made' }] }
    const first = startHost({ dir, script, definition: phases(2), env: { ATELIER_FAILPOINTS: failpoint } })
    expect(await first.ended).toBeNull()
    const board = await openBoard(script, { dir, persistence: true })
    const { shop } = board
    shop.profile('dev', 'You work.')
    const isStarted = (await shop.workflows()).find(({ name }) => name === 'feature')?.run === 'feature-1'
    expect(isStarted).toBe(failpoint !== 'run.start.before-commit')
    const run = isStarted ? shop.run('feature-1') : await shop.runWorkflow('feature')
    expect(await run.result(ENDED)).toBe('made')
    expect(await settledTwice(board)).toEqual([])
    expect((await shop.board()).items).toHaveLength(8)
  })

  it('is worked on by two processes at once, which double nothing (AS-97)', async () => {
    const dir = await temporaryFolder()
    const list = Array.from({ length: 200 }, (_, index) => index)
    const inputs = { list: { description: null, schema: {}, default: list } }
    const board = await openBoard({}, { dir, persistence: true })
    const { shop, events } = board
    shop.workflow(workflow([map('each', [], { limit: 40 }), work('end', ['each'])], { inputs }))
    const other = startHost({ dir, script: {} })
    await other.line('ready')
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(await settledTwice(board)).toEqual([])
    const posted = (await events('item.posted')).map(({ data }) => 'item' in data && data.item)
    expect(new Set(posted).size).toBe(201)
    expect(posted).toHaveLength(201)
  })
})
