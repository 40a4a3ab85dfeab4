/** What `atelier demo` shows: the same calls that a user makes, on a real repository, with real edits and test runs. */
import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { scriptedBackend } from '../agent-backends/scripted.ts'
import { AtelierError } from '../errors.ts'
import type { Workshop } from '../facade/contract.ts'
import { openWorkshop } from '../workshop.ts'
import { directScript } from './direct-script.ts'
import { Narrator, type DemoSink } from './narrator.ts'
import { createSampleProject } from './sample-project.ts'

export interface DemoOptions {
  /** Which demo; `direct` is the one there is. */
  readonly name?: string
  readonly signal?: AbortSignal
  readonly out: DemoSink
}

/** Between two steps of an agent, so that a person can follow; nobody follows a pipe. */
const PACE_MS = 350

/** Runs a demo in a scratch folder, which it leaves for the user to look at. */
export async function runDemo({ name = 'direct', signal, out }: DemoOptions): Promise<void> {
  if (name !== 'direct') {
    throw new AtelierError('not_found', `There is no demo "${name}". There is: direct.`, {
      details: { allowed: ['direct'] },
    })
  }
  const root = await mkdtemp(join(tmpdir(), 'atelier-demo-'))
  const project = await createSampleProject(join(root, 'task-ledger'))
  const narrator = new Narrator(out)
  const shop = await openWorkshop({
    dir: project.dir,
    config: false,
    backends: [scriptedBackend({ script: await directScript(out.isTerminal ? PACE_MS : 0) })],
    actor: 'demo',
    onActivity: (turn, event) => narrator.activity(turn.agent.name, event),
  })
  try {
    await directDemo(shop, narrator, signal)
    if (signal?.aborted === true) return
    await show(shop, narrator, project.dir)
  } finally {
    await shop.close(signal?.aborted === true ? { drain: false } : {})
  }
}

async function directDemo(
  shop: Workshop,
  narrator: Narrator,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  narrator.intro(shop.dir)
  shop.configure({ backend: 'scripted', gitContext: true })
  shop.profile('coder', 'You write clean, tested code.', { timeout: '5m' })
  shop.agent('impl', {
    profile: 'coder',
    env: { GIT_AUTHOR_NAME: 'impl', GIT_AUTHOR_EMAIL: 'impl@atelier.invalid' },
  })
  shop.agent('reviewer', 'You review. You may add tests, and change nothing else.')

  const task = 'Notifications that cannot be sent are lost. Retry them with a growing pause.'
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

/** The commit, the transcript and the costs: read back from git and from the store. */
async function show(shop: Workshop, narrator: Narrator, dir: string): Promise<void> {
  narrator.heading('The commit')
  narrator.block(await git(dir, ['log', '-1', '--stat', '--format=%h %s, by %an']))
  const [first] = await shop.history('reviewer')
  narrator.heading('The transcript of the review')
  narrator.transcript(first?.turn == null ? [] : await shop.transcript(first.turn))
  narrator.heading('The costs, as the scripted agents report them')
  narrator.costs(await shop.cost())
  narrator.outro(dir)
}

async function git(dir: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', dir, '--no-pager', ...args])
  return stdout.trimEnd()
}
