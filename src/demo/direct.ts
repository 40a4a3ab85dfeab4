/** The direct demo: two agents in a conversation, on scripted agents or on a real one. */
import type { Workshop } from '../facade/contract.ts'
import { openWorkshop } from '../workshop.ts'
import { directStory } from './direct-story.ts'
import { git } from './git.ts'
import { Narrator } from './narrator.ts'
import { scriptedPlayers, type Hint, type Players } from './players.ts'
import type { DemoOptions } from './run.ts'
import type { SampleProject } from './sample-project.ts'
import { callText } from './telling.ts'

/**
 * Who plays: found before anything is shown, so that what is missing is an error and nothing else.
 * @param root a folder of the demo's own
 */
export async function findPlayers(
  root: string,
  project: SampleProject,
  { backend = 'scripted', modelServer = false, claude: executable, out }: DemoOptions,
): Promise<Players> {
  if (backend === 'scripted') return scriptedPlayers(await directStory(project.dir), out.isTerminal)
  const { accountPlayers, modelServerPlayers } = await import('./claude-players.ts')
  return modelServer
    ? modelServerPlayers({ executable, root, story: await directStory(project.dir) })
    : accountPlayers(executable)
}

/** Plays it from its first line to its last. */
export async function playDirect(
  project: SampleProject,
  players: Players,
  { signal, out }: Pick<DemoOptions, 'signal' | 'out'>,
): Promise<void> {
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
      narrator.intro('A small team works on a real project.', players)
      await talk(shop, players, narrator, signal).catch(async (error: unknown) => {
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

async function talk(
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
  narrator.outro([...hintsOf(shop.dir), ...next(shop.dir)])
}

function hintsOf(dir: string): readonly Hint[] {
  const own = callText('atelier')
  return [
    { why: 'what the team made', command: `git -C ${dir} show` },
    { why: 'what impl was asked and answered', command: `${own} history impl --dir ${dir}` },
    { why: 'every decision, as it was recorded', command: `${own} events --dir ${dir}` },
  ]
}
