/** Workflows on a command line: what a person reads, what a program gets, and how it ends. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/cli/text.ts'
import type { Json } from '../../src/json.ts'
import type { RunPlan } from '../../src/runs/plan-types.ts'
import type { CheckpointView, RunOutcome } from '../../src/runs/view-types.ts'
import { cli, containing, matching, project, run, shellWords, start } from './support.ts'

type Outcome = Awaited<ReturnType<typeof cli>>

const TEAM = {
  backend: 'scripted',
  scripted: {
    reply: 'ok',
    costUsd: 0.01,
    rules: [
      { match: 'Break', reply: 'PLAN' },
      { match: 'Judge', times: 1, reply: '{"verdict":"request_changes","score":55,"feedback":"Add tests"}' },
      { match: 'Judge', reply: '{"verdict":"approve","score":82}' },
    ],
  },
  profiles: { planner: { role: 'You plan.' }, coder: { role: 'You code.' } },
  agents: { reviewer: { role: 'You review.' } },
}

const FEATURE = `
description: From a spec to reviewed code
inputs:
  ticket: string
  parts: {type: array, default: [api, ui]}
stages:
  - {id: plan, agent: planner, title: Break it down}
  - {id: implement, agent: coder, title: Build it, needs: plan}
  - {id: each, agent: coder, title: Test a part, needs: implement, map: {over: inputs.parts}}
  - {id: lint, run: echo linted, needs: implement}
  - {id: review, title: Judge it, needs: [each, lint], gate: {reviewer: reviewer, pass: score >= 70, on_reject: implement, max_rounds: 3}}
result: implement
`

const FLAKY = `
stages:
  - {id: plan, agent: planner, title: Break it down}
  - {id: test, run: cat fixed, needs: plan, retry: none}
  - {id: review, noop: true, needs: test}
`

const WAITING = `
stages:
  - {id: ok, gate: {person: Ship it?}}
  - {id: deployed, wait: {signal: deployed}, needs: ok}
  - {id: end, noop: true, needs: deployed}
`

const ARCHITECTURE = `
stages:
  - {id: arch, noop: true}
  - {id: fe, noop: true, needs: arch}
  - {id: be, noop: true, needs: arch}
  - {id: db, noop: true, needs: arch}
  - {id: integration, noop: true, needs: [fe, be, db]}
`

/** A failure that a branch takes care of, and waits. */
const EIGHT = `
stages:
  - {id: s0, noop: true}
  - {id: s1, branch: [{when: 'true', to: s6}], needs: s2}
  - {id: s2, run: exit 1, retry: none}
  - {id: s3, wait: 1h}
  - {id: s4, wait: 1h}
  - {id: s5, wait: 1h}
  - {id: s6, noop: true, needs: s3}
  - {id: s7, noop: true, needs: s3}
`

/** A project with these workflows. */
function shop(workflows: Readonly<Record<string, string>>, config: Record<string, Json> = TEAM): string {
  const dir = project(config)
  mkdirSync(join(dir, '.atelier', 'workflows'), { recursive: true })
  for (const [name, text] of Object.entries(workflows))
    writeFileSync(join(dir, '.atelier', 'workflows', `${name}.yaml`), text)
  return dir
}

/** Runs command lines one after the other, as a person would type them. */
async function typed(dir: string, ...lines: readonly string[]): Promise<Outcome> {
  let outcome: Outcome = { status: 0, out: '', err: '' }
  for (const line of lines) outcome = await cli([...shellWords(line), '--dir', dir], { cwd: dir })
  return outcome
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function json<T>({ out }: Outcome): T {
  return JSON.parse(out) as T
}

describe('workflow run', () => {
  it('does all of it here where no host runs, tells how it goes on, and prints the result (A41, A42)', async () => {
    const dir = shop({ feature: FEATURE })
    const outcome = await typed(dir, 'workflow run feature --input ticket=7')
    expect(outcome).toMatchObject({ status: 0, out: 'ok\n' })
    const lines = outcome.err.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'plan: started by planner',
        'plan: done',
        'implement: again, round 2, for what review says',
        'implement#2: started by coder',
        'review#2: done, approve, score 82',
      ]),
    )
    expect(outcome.err).toMatch(/feature-1 is completed after .*\$0\.\d+\./u)
    const status = await typed(dir, 'workflow status feature')
    expect(status.out).toMatch(/^review +done +2 +reviewer +55 -> 82 .*approve · Judge it$/mu)
    expect(json(await typed(dir, 'workflow status feature-1 --json'))).toMatchObject({
      id: 'feature-1',
      status: 'completed',
      inputs: { ticket: '7', parts: ['api', 'ui'] },
      metrics: {
        workflow_id: 'feature-1',
        status: 'completed',
        progress: { total: 5, completed: 5, failed: 0, in_progress: 0, percentage: 100 },
        active_agents: 0,
        estimated_completion: 0,
      },
    })
    const trace = await typed(dir, 'workflow trace feature')
    expect(trace.out).toMatch(/ feature-1\/implement#2 +coder +done/mu)
    const told = JSON.parse((await typed(dir, 'workflow trace feature --json')).out) as Json
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ item: 'feature-1/implement#2', feedback: 'review#1' }),
        expect.objectContaining({ item: 'feature-1/implement', feedback: null }),
      ]),
    )
  }, 60_000)

  it('takes inputs from words and files, and a workflow from a file (B13)', async () => {
    const dir = shop({})
    writeFileSync(
      join(dir, 'echo.yaml'),
      'inputs: {text: string, n: integer}\nstages:\n  - {id: say, run: \'echo "$TEXT $N"\', env: {TEXT: inputs.text, N: inputs.n}}\n',
    )
    writeFileSync(join(dir, 'inputs.json'), '{"text": "5", "n": 1}')
    expect(await typed(dir, 'workflow run echo.yaml --input text=12 --input n=3')).toMatchObject({
      status: 0,
      out: matching(/^12 3\s*$/u),
    })
    expect(
      await typed(dir, `workflow run echo --input-file ${join(dir, 'inputs.json')} --input n=2`),
    ).toMatchObject({
      status: 0,
      out: matching(/^5 2\s*$/u),
    })
    expect(await typed(dir, 'workflow run echo --input text')).toMatchObject({
      status: 2,
      err: containing('name=value'),
    })
    expect(await typed(dir, 'workflow run echo --input text=1 --input m=3')).toMatchObject({
      status: 2,
      err: containing('m'),
    })
  }, 60_000)

  it('is refused with the path of a missing file, before any agent is called (AS-45)', async () => {
    const dir = shop({ feature: 'stages:\n  - {id: plan, agent: planner, title: Break, from: missing.md}\n' })
    const { status, out, err } = await typed(dir, 'workflow run feature --json')
    expect({ status, err }).toEqual({ status: 1, err: containing('missing.md') })
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'not_found', details: { path: 'missing.md' } } })
    expect(await typed(dir, 'workflow list')).toMatchObject({ out: matching(/^feature +not run yet/mu) })
    expect(await typed(dir, 'agents')).toMatchObject({ out: 'reviewer\n' })
  }, 60_000)

  it('twice gives two runs, and not beside itself (AS-47, A42, A44)', async () => {
    const dir = shop({ waves: ARCHITECTURE, waiting: WAITING })
    const ids = [
      json<RunOutcome>(await typed(dir, 'workflow run waves --json')).id,
      json<RunOutcome>(await typed(dir, 'workflow run waves --json')).id,
    ]
    expect(ids).toEqual(['waves-1', 'waves-2'])
    const items = json<{ readonly items: readonly { readonly id: string }[] }>(
      await typed(dir, 'board --json'),
    )
    expect(items.items.filter(({ id }) => id.endsWith('/arch')).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['waves-1/arch', 'waves-2/arch']),
    )
    await typed(dir, 'workflow run waiting --timeout 0')
    expect(await typed(dir, 'workflow run waiting')).toMatchObject({
      status: 1,
      err: matching(/waiting-1[\s\S]*\[already_running\]/u),
    })
  }, 60_000)

  it('that fails ends with 1; retry goes on from there, reset begins anew (AS-49, A43, A44)', async () => {
    const dir = shop({ flaky: FLAKY })
    const failed = await run(['workflow', 'run', 'flaky'], { dir })
    expect(failed).toMatchObject({
      status: 1,
      out: '',
      err: matching(/flaky-1 has failed after .*fixed[\s\S]*atelier workflow retry flaky-1/u),
    })
    expect(await typed(dir, 'workflow resume flaky')).toMatchObject({
      status: 1,
      err: containing('flaky-1 has failed'),
    })
    writeFileSync(join(dir, 'fixed'), 'yes')
    const retried = json<RunOutcome>(await typed(dir, 'workflow retry flaky --json'))
    expect(retried).toMatchObject({ id: 'flaky-1', status: 'completed' })
    const byStage = new Map(retried.stages.map((stage) => [stage.stage, stage]))
    expect([byStage.get('plan')?.round, byStage.get('test')?.round]).toEqual([1, 2])
    expect(await typed(dir, 'workflow reset flaky')).toMatchObject({
      status: 0,
      err: containing('Forgot flaky-1'),
    })
    expect(await typed(dir, 'workflow status flaky')).toMatchObject({
      out: '',
      err: containing('has not run yet'),
    })
    expect(json(await typed(dir, 'workflow run flaky --json'))).toMatchObject({ status: 'completed' })
    expect(await typed(dir, 'workflow reset flakey')).toMatchObject({ status: 1, err: containing('flaky') })
  }, 60_000)

  it('goes on when its watcher leaves, and is resumed (A44)', async () => {
    const dir = shop({ waiting: WAITING })
    const watching = start(['workflow', 'run', 'waiting'], { dir })
    await watching.wrote('err', 'atelier approve waiting-1/ok')
    watching.child.kill('SIGINT')
    expect(await watching.ended).toMatchObject({
      status: 130,
      err: containing('atelier workflow resume waiting-1'),
    })
    await typed(dir, 'approve waiting-1/ok')
    const again = start(['workflow', 'resume', 'waiting'], { dir })
    await again.wrote('err', 'atelier workflow signal waiting-1 deployed')
    expect(await typed(dir, 'workflow signal waiting deployd')).toMatchObject({
      status: 1,
      err: containing('Did you mean "deployed"?'),
    })
    await typed(dir, `workflow signal waiting deployed '{"to":"eu"}'`)
    expect(await again.ended).toMatchObject({ status: 0, err: containing('waiting-1 is completed') })
  }, 60_000)

  it('has checkpoints, of which a resume hands over the last as far as is asked for, and then goes on (C24, C25)', async () => {
    const dir = shop({ waiting: `${WAITING}  - {id: plan, agent: planner, title: Break it down}\n` })
    expect(await typed(dir, 'workflow checkpoints waiting')).toMatchObject({
      ...{ status: 0, out: '', err: containing('No checkpoints yet') },
    })
    await typed(
      dir,
      'workflow run waiting --timeout 0',
      'approve waiting-1/ok',
      'workflow signal waiting deployed',
    )
    const resumed = await typed(dir, 'workflow resume waiting --level context')
    expect(resumed).toMatchObject({ status: 0, err: containing('waiting-1 is completed') })
    const { out } = await typed(dir, 'workflow checkpoints waiting')
    expect(out).toMatch(/^NO +AT +CHECKPOINT +STAGES( +NEXT)?$/mu)
    expect(out).toMatch(/^ *\d+ +[\d:]+ +waiting-complete +4\/4 complete$/mu)
    // What is handed over stands before what happens then; of a run that has ended it is all that there is to tell.
    const again = await typed(dir, 'workflow resume waiting --level context')
    expect(again.err).toMatch(
      /^waiting-complete\n +at .*4\/4 complete\n +done +ok, deployed, end, plan\n +result +plan: PLAN/mu,
    )
    const full = json<RunOutcome & { readonly handover: CheckpointView }>(
      await typed(dir, 'workflow resume waiting --level full --json'),
    )
    expect([full.status, full.handover.name, full.handover.stages?.length]).toEqual([
      'completed',
      'waiting-complete',
      4,
    ])
    const newest = await typed(dir, 'workflow checkpoints --limit 1 --level context --json')
    expect(json<readonly CheckpointView[]>(newest)).toMatchObject([
      { level: 'context', results: { plan: 'PLAN' } },
    ])
    expect(await typed(dir, 'workflow checkpoints waiting --level all')).toMatchObject({ status: 2 })
    expect(await typed(dir, 'workflow checkpoints waitin')).toMatchObject({
      status: 1,
      err: containing('"waiting"'),
    })
  }, 60_000)

  it('may be left to a background host (A44)', async () => {
    const dir = shop({ waves: ARCHITECTURE })
    const started = await run(['workflow', 'run', 'waves', '--detach'], { dir })
    expect(started).toMatchObject({
      status: 0,
      out: 'waves-1\n',
      err: containing('Started a background host'),
    })
    const ended = await run(['workflow', 'resume', 'waves', '--json'], { dir })
    expect({ status: ended.status, out: JSON.parse(ended.out) as Json }).toMatchObject({
      ...{ status: 0, out: { status: 'completed' } },
    })
  }, 60_000)
})

describe('a run', () => {
  it('is paused, cancelled, and goes on without a stage', async () => {
    const dir = shop({ waiting: WAITING })
    await typed(dir, 'workflow run waiting --timeout 0')
    expect(await typed(dir, 'workflow pause waiting Later')).toMatchObject({
      status: 0,
      err: containing('is paused'),
    })
    const paused = await typed(dir, 'workflow status')
    expect(paused).toMatchObject({ out: matching(/^waiting-1 +paused/u) })
    expect(paused.out).toContain('ok: atelier approve waiting-1/ok')
    expect(paused.err).toContain('It is paused (Later). Go on: atelier workflow resume waiting-1')
    expect(await typed(dir, 'workflow skip waiting okk')).toMatchObject({
      status: 1,
      err: containing('Did you mean "ok"?'),
    })
    expect(await typed(dir, 'workflow skip waiting ok')).toMatchObject({
      status: 0,
      err: containing('Skipped ok'),
    })
    expect(await typed(dir, 'workflow cancel waiting')).toMatchObject({
      status: 0,
      err: 'waiting-1 is cancelled.\n',
    })
    expect(await typed(dir, 'workflow retry waiting nope')).toMatchObject({
      status: 1,
      err: containing('no stage "nope"'),
    })
    expect(await typed(dir, 'workflow pause nowhere')).toMatchObject({
      status: 1,
      err: containing('[not_found]'),
    })
  }, 60_000)

  it('says what each waiting stage waits for, and the command that helps', async () => {
    const dir = shop({ waiting: WAITING })
    await typed(dir, 'workflow run waiting --timeout 0')
    const { stages } = json<RunOutcome>(await typed(dir, 'workflow status waiting --json'))
    expect(stages.map(({ stage, why, help }) => [stage, why, help])).toEqual([
      ['ok', 'waits for your approval: Ship it?', 'atelier approve waiting-1/ok'],
      ['deployed', 'waits for ok', null],
      ['end', 'waits for deployed', null],
    ])
    await typed(dir, 'approve waiting-1/ok')
    const after = json<RunOutcome>(await typed(dir, 'workflow status waiting --json'))
    expect(after.stages[1]).toMatchObject({
      why: 'waits for the signal "deployed"',
      help: 'atelier workflow signal waiting-1 deployed',
    })
  }, 60_000)

  it('counts what is done, and estimates the rest: 2 of 8 done, 1 failed (AS-112, D16)', async () => {
    const dir = shop({ eight: EIGHT })
    const watching = start(['workflow', 'run', 'eight'], { dir })
    await Promise.all(['s0: done', 's1: done'].map((line) => watching.wrote('err', line)))
    watching.child.kill('SIGINT')
    expect(await watching.ended).toMatchObject({ status: 130 })
    const { metrics } = json<RunOutcome>(await typed(dir, 'workflow status eight --json'))
    expect(metrics).toEqual({
      workflow_id: 'eight-1',
      status: 'running',
      progress: { total: 8, completed: 2, failed: 1, in_progress: 3, percentage: 25 },
      active_agents: 0,
      estimated_completion: expect.any(Number) as number,
    })
    const later = json<RunOutcome>(await typed(dir, 'workflow status eight --json'))
    expect(later.metrics.estimated_completion).toBeLessThan(metrics.estimated_completion)
  }, 60_000)

  it('has items that the board and the item name as its parts', async () => {
    const dir = shop({ feature: FEATURE })
    await typed(dir, 'workflow run feature --input ticket=7')
    const item = await typed(dir, 'work show feature-1/each#2.1')
    expect(item.out).toMatch(/^run +feature-1, stage each, round 2, element 1$/mu)
    const board = await typed(dir, 'board')
    expect(board.out).not.toContain('engine:')
    expect(board.out).not.toContain('No worker for type agent:')
  }, 60_000)
})

describe('workflow validate', () => {
  it('tells every problem with file, line, column, stage, field and what is allowed; nothing starts (AS-50, AS-68, B15)', async () => {
    const dir = shop({
      broken: `
stages:
  - {id: plan, agent: planner, colour: red}
  - {id: build, agent: coder, needs: plann}
  - {id: build, agent: coder}
  - {id: check, gate: {reviewer: reviewer, on_reject: nowhere}, needs: build}
  - [1, 2]
`,
      good: ARCHITECTURE,
      tab: 'stages:\n\t- {id: a}\n',
    })
    const { status, out, err } = await typed(dir, 'workflow validate')
    const lines = out.trimEnd().split('\n')
    const file = join('.atelier', 'workflows', 'broken.yaml')
    for (const part of [
      [`${file}:3:`, 'stage "plan", field stages[0].colour', 'colour is not a known field'],
      [`${file}:4:`, 'stage "build", field stages[1].needs', 'Did you mean plan?'],
      [`${file}:5:`, 'stage "build", field stages[2].id', 'ids are unique'],
      [`${file}:6:`, 'stage "check"', 'nowhere'],
      [`${file}:7:`, 'stages[4]', 'stage 4 is'],
      [join('.atelier', 'workflows', 'tab.yaml:2:'), 'Indent with spaces'],
    ])
      expect(lines).toContainEqual(
        matching(
          new RegExp(part.map((text) => text.replaceAll(/[.[\]?]/gu, String.raw`\$&`)).join('.*'), 'u'),
        ),
      )
    expect({ status, err }).toEqual({
      status: 2,
      err: matching(/problems in 2 workflows\. 1 other is right\./u),
    })
    expect(() => readFileSync(join(dir, '.atelier', 'state'))).toThrow('ENOENT')
    const checks = json<{ readonly problems: readonly object[] }[]>(
      await typed(dir, 'workflow validate broken --json'),
    )
    expect(checks[0]?.problems).toContainEqual(
      expect.objectContaining({
        line: 4,
        stage: 'build',
        allowed: expect.arrayContaining(['plan']) as string[],
      }),
    )
    expect(await typed(dir, 'workflow validate good')).toMatchObject({
      status: 0,
      err: containing('good (5 stages)'),
    })
    expect(await typed(dir, 'workflow validate goood')).toMatchObject({
      status: 1,
      err: containing('Did you mean "good"?'),
    })
  }, 60_000)

  it('keeps no other workflow from running where one is bad, and says so', async () => {
    const dir = shop({ broken: 'stages: 5\n', good: ARCHITECTURE })
    expect(await typed(dir, 'workflow run good')).toMatchObject({
      status: 0,
      err: containing('broken.yaml is no workflow. Why: atelier workflow validate broken'),
    })
    expect(await typed(dir, 'workflow run broken')).toMatchObject({
      status: 2,
      err: containing('broken.yaml:1:'),
    })
    expect(await typed(dir, 'workflow list')).toMatchObject({ out: matching(/^broken +invalid/mu) })
  }, 60_000)
})

describe('workflow run --dry-run', () => {
  it('shows the waves and who would do what, and stores nothing (AS-101, D02)', async () => {
    const dir = shop({ waves: ARCHITECTURE, feature: FEATURE })
    const waves = json<RunPlan>(await typed(dir, 'workflow run waves --dry-run --json'))
    expect(waves).toMatchObject({
      waves: [['arch'], ['fe', 'be', 'db'], ['integration']],
      minCostUsd: 0,
      maxCostUsd: 0,
      problems: [],
    })
    const plan = json<RunPlan>(await typed(dir, 'workflow run feature --input ticket=7 --dry-run --json'))
    const byStage = new Map(plan.stages.map((stage) => [stage.stage, stage]))
    expect(byStage.get('plan')).toMatchObject({ agent: 'planner', isMade: false, rounds: 1, minCostUsd: 0.5 })
    expect(byStage.get('implement')).toMatchObject({
      rounds: 3,
      turnUsd: 0.5,
      basis: 'assumed',
      maxCostUsd: 4.5,
    })
    expect(byStage.get('each')).toMatchObject({ minCostUsd: 1, maxCostUsd: 9 })
    expect(byStage.get('review')).toMatchObject({ agent: 'reviewer', isMade: true })
    expect(json(await typed(dir, 'workflow list --json'))).toMatchObject([
      { runs: 0 },
      { runs: 0 },
      { runs: 0 },
    ])
    const text = await typed(dir, 'workflow run feature --dry-run')
    expect(text).toMatchObject({
      status: 2,
      out: containing('It would not start:'),
      err: containing('Nothing was started.'),
    })
  }, 60_000)

  it('rests on what turns have cost, and ends at the budget', async () => {
    const dir = shop({ feature: `budget: 0.1${FEATURE}` })
    await typed(dir, 'workflow run feature --input ticket=7')
    const plan = json<RunPlan>(await typed(dir, 'workflow run feature --input ticket=7 --dry-run --json'))
    expect(plan).toMatchObject({ budgetUsd: 0.1, maxCostUsd: 0.1 })
    expect(plan.stages[0]).toMatchObject({ turnUsd: 0.01, basis: 'recent' })
  }, 60_000)
})

describe('on a screen', () => {
  it.each([80, 120])(
    'of %d columns no view is wider',
    async (columns) => {
      const dir = shop({ feature: FEATURE, flaky: FLAKY, waiting: WAITING })
      await typed(dir, 'workflow run feature --input ticket=7', 'workflow run waiting --timeout 0')
      for (const line of [
        ...['workflow list', 'workflow status feature', 'workflow status waiting', 'workflow graph feature'],
        ...[
          'workflow graph feature-1',
          'workflow trace feature',
          'workflow checkpoints feature',
          'workflow checkpoints feature --level full',
          'workflow run feature --dry-run --input ticket=7',
        ],
      ]) {
        const { out, status } = await cli([...shellWords(line), '--dir', dir], { columns })
        const wide = out.split('\n').filter((text) => widthOf(text) > columns)
        expect({ line, status, wide }).toEqual({ line, status: 0, wide: [] })
      }
    },
    60_000,
  )

  it('a drawing shows waves, what each stage needs, and the way back', async () => {
    const dir = shop({ feature: FEATURE })
    const { out } = await cli(['workflow', 'graph', 'feature', '--dir', dir], { columns: 80 })
    expect(out.split('\n')[0]).toBe('feature  5 stages in 4 waves')
    expect(out).toMatch(/^├┬ each +map by coder +for each of inputs\.parts.*$/mu)
    expect(out).toMatch(/^│└ lint +run: echo linted$/mu)
    expect(out).toContain('after each, lint')
    expect(out.replaceAll(/\s+│?\s*/gu, ' ')).toContain('else back to implement, at most 3 rounds')
    const mermaid = await cli(['workflow', 'graph', 'feature', '--mermaid', '--dir', dir])
    expect(mermaid.out).toMatch(/^flowchart TD\n/u)
  })
})

describe('a configuration in code', () => {
  it('has workflows of its own, with tuples as stages (A41)', async () => {
    const dir = shop({ waves: ARCHITECTURE })
    rmSync(join(dir, 'atelier.config.json'))
    const entry = new URL('../../src/index.ts', import.meta.url).href
    writeFileSync(
      join(dir, 'atelier.config.ts'),
      `import { defineConfig, stage, workflow } from '${entry}'\n` +
        `export default defineConfig({ ...${JSON.stringify(TEAM)}, workflows: [\n` +
        `workflow('coded', [['plan', 'planner', 'Break it down'], stage('check', { run: 'echo checked', needs: 'plan' })])] })\n`,
    )
    expect(await typed(dir, 'workflow run coded')).toMatchObject({ status: 0, out: 'checked\n' })
    expect(await typed(dir, 'workflow run coded --dry-run')).toMatchObject({ status: 0 })
  }, 60_000)
})

describe('workflow export', () => {
  it('writes what comes with Atelier once, and says what to do with it (A41)', async () => {
    const dir = shop({})
    const list = await typed(dir, 'workflow list')
    expect(list.out).toMatch(/^feature +not run yet +5 +shipped /mu)
    const first = await typed(dir, 'workflow export feature')
    expect(first.out.split('\n').slice(0, 2)).toEqual([
      '.atelier/workflows/feature.yaml',
      '.claude/agents/planner.md',
    ])
    expect(first.err).toContain('atelier workflow run feature')
    expect(readFileSync(join(dir, '.claude', 'agents', 'coder.md'), 'utf8')).toContain('name: coder')
    const again = await typed(dir, 'workflow export feature')
    expect(again).toMatchObject({ status: 0, out: '' })
    expect(again.err).toContain('Nothing was written')
    expect((await typed(dir, 'workflow list')).out).toMatch(/^feature +not run yet +5 +file /mu)
    const unknown = await typed(dir, 'workflow export featur')
    expect(unknown).toMatchObject({ status: 1, out: '' })
    expect(unknown.err).toContain('Did you mean "feature"?')
  })
})
