/** What `atelier demo` shows: the same calls that a user makes, on a real repository, with real edits and test runs. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AtelierError } from '../errors.ts'
import type { Workshop } from '../facade/contract.ts'
import { openWorkshop } from '../workshop.ts'
import { directStory } from './direct-story.ts'
import { Narrator, type DemoSink } from './narrator.ts'
import { scriptedPlayers, type Players } from './players.ts'
import { createSampleProject, type SampleProject } from './sample-project.ts'

export interface DemoOptions {
  /** Which demo; `direct` is the one there is. */
  readonly name?: string
  /** Who plays the agents; default `scripted`. */
  readonly backend?: 'scripted' | 'claude'
  /** The model of real agents is a script on this machine: no account is needed. */
  readonly modelServer?: boolean
  /** Path or name of Claude Code; default: `claude` on PATH, then in node_modules. */
  readonly claude?: string
  readonly signal?: AbortSignal
  readonly out: DemoSink
}

/**
 * Runs a demo in a scratch folder, which it leaves for the user to look at.
 * @throws AtelierError `not_found` for an unknown demo, `invalid_input` for options that do not go together,
 * `unsupported` where the agent that is to play is missing here; else what a turn failed with
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  checkOptions(options)
  const { signal, out } = options
  const root = await mkdtemp(join(tmpdir(), 'atelier-demo-'))
  const { project, players } = await prepare(root, options).catch(async (error: unknown) => {
    await rm(root, { recursive: true, force: true })
    throw error
  })
  const narrator = new Narrator(out, project.dir)
  try {
    const shop = await openWorkshop({
      dir: project.dir,
      config: false,
      backends: players.backends,
      actor: 'demo',
      onActivity: (turn, event) => narrator.activity(turn.agent.name, event),
    })
    try {
      narrator.intro(players)
      await directDemo(shop, players, narrator, signal).catch(async (error: unknown) => {
        await showEnd(shop, players, narrator)
        throw error
      })
      if (signal?.aborted === true) return
      await showWork(shop, project, narrator)
      await showEnd(shop, players, narrator)
    } finally {
      await shop.close(signal?.aborted === true ? { drain: false } : {})
    }
  } finally {
    await players.close()
  }
}

function checkOptions({ name = 'direct', backend = 'scripted', modelServer, claude }: DemoOptions): void {
  if (name !== 'direct') {
    throw new AtelierError('not_found', `There is no demo "${name}". There is: direct.`, {
      details: { allowed: ['direct'] },
    })
  }
  const flag = modelServer === true ? '--model-server' : claude === undefined ? undefined : '--claude'
  if (backend !== 'claude' && flag !== undefined) {
    throw new AtelierError(
      'invalid_input',
      `${flag} goes with --backend claude: the scripted agents of the demo need no model. Allowed: --backend claude ${flag}.`,
      { details: { flag, backend, allowed: ['claude'] } },
    )
  }
}

async function prepare(
  root: string,
  { backend = 'scripted', modelServer = false, claude: executable, out }: DemoOptions,
): Promise<{ readonly project: SampleProject; readonly players: Players }> {
  const project = await createSampleProject(join(root, 'task-ledger'))
  if (backend === 'scripted')
    return { project, players: scriptedPlayers(await directStory(project.dir), out.isTerminal) }
  const { accountPlayers, modelServerPlayers } = await import('./claude-players.ts')
  const players = modelServer
    ? await modelServerPlayers({ executable, root, story: await directStory(project.dir) })
    : await accountPlayers(executable)
  return { project, players }
}

async function directDemo(
  shop: Workshop,
  players: Players,
  narrator: Narrator,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  const { backend, context, maxCostUsd } = players
  shop.configure({
    backend,
    gitContext: true,
    ...(context !== undefined && { context }),
    ...(maxCostUsd !== undefined && { maxCostUsd }),
  })
  const { env, ...coder } = players.options('impl')
  shop.profile('coder', 'You write clean, tested code.', { timeout: '10m', ...coder })
  shop.agent('impl', {
    profile: 'coder',
    env: { ...env, GIT_AUTHOR_NAME: 'impl', GIT_AUTHOR_EMAIL: 'impl@atelier.invalid' },
  })
  const review = { timeout: '10m', ...players.options('reviewer') }
  shop.agent('reviewer', 'You review. You may add tests, and change nothing else.', review)

  const task = 'Notifications that cannot be sent are lost. Retry them with a growing pause, in lib/retry.js.'
  narrator.call(`ask('impl', '${task}')`)
  const built = await shop.ask('impl', task, options)

  narrator.call(`pipe('impl', 'reviewer', 'Review for correctness')`)
  const reviewed = await shop.pipe(built, 'reviewer', 'Review for correctness', options)

  narrator.call(`pipe('reviewer', 'impl', 'Address the feedback, then commit')`)
  await shop.pipe(reviewed, 'impl', 'Address the feedback, then commit', options)

  const question = 'What could still go wrong in lib/retry.js?'
  narrator.call(`fan('${question}', ['impl', 'reviewer'])`)
  await shop.fan(question, ['impl', 'reviewer'], options)
}

/** What came of it and how: read back from git and from the store. */
async function showWork(shop: Workshop, { dir, head }: SampleProject, narrator: Narrator): Promise<void> {
  if ((await git(dir, ['rev-parse', 'HEAD'])) === head) {
    narrator.heading('There is no commit; this is what was left uncommitted')
    narrator.block((await git(dir, ['status', '--short'])) || 'nothing')
  } else {
    narrator.heading('The commit')
    narrator.block(await git(dir, ['log', '-1', '--stat=76', '--format=%h %s, by %an']))
  }
  const [first] = await shop.history('reviewer')
  narrator.heading('The transcript of the review')
  narrator.transcript(first?.turn == null ? [] : await shop.transcript(first.turn))
}

/** What it cost, and where to go from here: also where the demo ended early. */
async function showEnd(shop: Workshop, { costsTitle, next }: Players, narrator: Narrator): Promise<void> {
  const costs = await shop.cost()
  if (costs.total.turns > 0) {
    narrator.heading(costsTitle)
    narrator.costs(costs)
  }
  narrator.outro(next(shop.dir))
}

async function git(dir: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', dir, '--no-pager', ...args])
  return stdout.trimEnd()
}
