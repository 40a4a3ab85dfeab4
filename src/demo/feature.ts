/** The feature demo: a workflow that comes with Atelier takes a spec to code that is tested, reviewed and merged once. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { scriptedBackend } from '../agent-backends/scripted.ts'
import { paintFor } from '../cli/paint.ts'
import { runHeadline, stageLines } from '../cli/views/run-text.ts'
import { AtelierError } from '../errors.ts'
import type { Workshop } from '../facade/contract.ts'
import { systemClock } from '../time/system-clock.ts'
import { openWorkshop } from '../workshop.ts'
import { BoardTeller } from './board-teller.ts'
import { featureStory, SPEC, VERIFY } from './feature-story.ts'
import { FeatureTeller } from './feature-teller.ts'
import { git } from './git.ts'
import { Narrator, type DemoSink } from './narrator.ts'
import type { Hint } from './players.ts'
import type { DemoOptions } from './run.ts'
import type { SampleProject } from './sample-project.ts'
import { ruleOf } from './script.ts'
import { callText } from './telling.ts'

const TITLE = 'A workflow takes a spec to code that is tested, reviewed and merged once.'
const ABOUT =
  'What the agents say is scripted: no account, no network. Files, worktrees, commands, the merge and every record are real.'
const WORKFLOW = 'feature'

/** Columns of `implement#2`, the longest name. */
const NAME_WIDTH = 11

/** Board workers by name, with the type of the stages that they take and the role that they play. */
const WORKERS = [
  ['coder_1', 'code', 'coder'],
  ['tester_1', 'test', 'tester'],
  ['reviewer_1', 'review', 'reviewer'],
] as const

/**
 * Plays it from its first line to its last.
 * @throws AtelierError `cancelled` if the signal is aborted, or what the run failed with
 */
export async function playFeature(
  project: SampleProject,
  { signal, out, workers = true }: Pick<DemoOptions, 'signal' | 'out' | 'workers'>,
): Promise<void> {
  const { dir } = project
  const narrator = new Narrator(out, dir, NAME_WIDTH)
  const agents = new BoardTeller(narrator)
  const rules = (await featureStory(dir)).map((part) => ruleOf(part.cue, part, out.isTerminal))
  const shop = await openWorkshop({
    dir,
    config: false,
    backends: [scriptedBackend({ script: { rules } })],
    actor: 'demo',
    onActivity: (turn, event) => agents.activity(turn.agent.name, event),
  })
  try {
    narrator.intro(TITLE, { about: ABOUT })
    await writeSpec(dir, narrator)
    const run = await play(shop, narrator, workers, signal).catch(async (error: unknown) => {
      narrator.outro(hintsHere(dir, workers))
      throw error
    })
    await show(shop, run, { project, narrator, out })
    narrator.outro(hintsHere(dir, workers), HINTS_YOURS)
  } finally {
    await shop.close(signal?.aborted === true ? { drain: false } : {})
  }
}

/** What is to be built is a file of the project, as any other. */
async function writeSpec(dir: string, narrator: Narrator): Promise<void> {
  const file = join(dir, SPEC.path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, SPEC.text)
  await git(dir, ['add', SPEC.path])
  await git(dir, ['commit', '--quiet', '--message', 'Say how a task is to be removed'])
  narrator.heading(SPEC.path)
  narrator.block(SPEC.text.trimEnd(), 'dim')
}

/** Starts the run and tells what happens until it has ended; gives its id. */
async function play(
  shop: Workshop,
  narrator: Narrator,
  workers: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  shop.configure({ backend: 'scripted' })
  narrator.calls([
    ...(workers
      ? WORKERS.map(
          ([name, type, profile]) =>
            `boardWorker('${name}', '${type}', { profile: '${profile}', worktree: true })`,
        )
      : []),
    `runWorkflow('${WORKFLOW}', { inputs: { verify: '${VERIFY}' } })`,
  ])
  narrator.block('')
  if (workers)
    for (const [name, type, profile] of WORKERS)
      await shop.boardWorker(name, type, { profile, worktree: true }).stored
  const run = await shop.runWorkflow(WORKFLOW, { inputs: { verify: VERIFY } })
  const waiting = signal === undefined ? {} : { signal }
  const told = new FeatureTeller(narrator).follow(run.events(waiting))
  // Where the run ends with an error, nobody waits for the rest of what there is to tell.
  told.catch(() => {})
  await run.result(waiting)
  await told
  return run.id
}

interface Stand {
  readonly project: SampleProject
  readonly narrator: Narrator
  readonly out: DemoSink
}

/** The run as `atelier workflow status` shows it, and what git has. */
async function show(shop: Workshop, id: string, { project, narrator, out }: Stand): Promise<void> {
  const { dir, head } = project
  const run = await shop.workflowStatus(id)
  if (run === null) throw new AtelierError('not_found', `The run ${id} is gone.`, { details: { run: id } })
  const page = { paint: paintFor(out), width: narrator.blockWidth, now: systemClock.now() }
  narrator.heading('The run')
  narrator.block([runHeadline(run, page), '', ...stageLines(run, page)].join('\n'))

  const made = Number(await git(dir, ['rev-list', '--count', `${head}..main`]))
  narrator.heading('git log --graph --oneline main')
  const range = ['--graph', '--oneline', '--no-decorate', `--max-count=${made + 1}`]
  narrator.block(await git(dir, ['log', ...range, 'main']))
}

function hintsHere(dir: string, workers: boolean): readonly Hint[] {
  const own = callText('atelier')
  return [
    { why: 'the run, with each stage', command: `${own} workflow status \\\n  --dir ${dir}` },
    { why: 'who made what from what', command: `${own} workflow trace ${WORKFLOW} \\\n  --dir ${dir}` },
    workers
      ? {
          why: 'the same without board workers: the agents that the stages name do it',
          command: `${callText('demo')} feature --no-workers`,
        }
      : { why: 'the same with board workers', command: `${callText('demo')} feature` },
  ]
}

const HINTS_YOURS: readonly Hint[] = [
  {
    why: 'the same workflow there, on what you want',
    command: [
      `${callText('atelier')} workflow run ${WORKFLOW} \\`,
      "  --input goal='Add a cache' --input verify='npm test' \\",
      '  --dir path/to/your/project',
    ].join('\n'),
  },
  {
    why: 'write it and its roles to files, to edit them',
    command: `${callText('atelier')} workflow export ${WORKFLOW} --dir path/to/your/project`,
  },
]
