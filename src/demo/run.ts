/** What `atelier demo` shows: the same calls that a user makes, on a real repository, with real edits and test runs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AtelierError } from '../errors.ts'
import { playBoard } from './board.ts'
import { playFeature } from './feature.ts'
import { findPlayers, playDirect } from './direct.ts'
import type { DemoSink } from './narrator.ts'
import { createSampleProject } from './sample-project.ts'

/** The demos there are. */
const DEMOS = ['board', 'direct', 'feature'] as const

type DemoName = (typeof DEMOS)[number]

export interface DemoOptions {
  /** Which demo, `board`, `direct` or `feature`; default `board` for scripted agents, and `direct` for real ones. */
  readonly name?: string
  /** Who plays the agents; default `scripted`. Real agents play `direct` only. */
  readonly backend?: 'scripted' | 'claude'
  /** The model of real agents is a script on this machine: no account is needed. */
  readonly modelServer?: boolean
  /** Path or name of Claude Code; default: `claude` on PATH, then in node_modules. */
  readonly claude?: string
  /** In `feature`: whether board workers take its stages; default true. */
  readonly workers?: boolean
  readonly signal?: AbortSignal
  readonly out: DemoSink
}

/**
 * Runs a demo in a scratch folder, which it leaves for the user to look at.
 * @throws AtelierError `not_found` for an unknown demo, `invalid_input` for options that do not go together,
 * `unsupported` where the agent that is to play is missing here; else what a turn or an item failed with
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const name = demoOf(options)
  const root = await mkdtemp(join(tmpdir(), 'atelier-demo-'))
  const play = await prepare(name, root, options).catch(async (error: unknown) => {
    await rm(root, { recursive: true, force: true })
    throw error
  })
  await play()
}

/** What can be missing is found here, before the first line. */
async function prepare(name: DemoName, root: string, options: DemoOptions): Promise<() => Promise<void>> {
  const project = await createSampleProject(join(root, 'task-ledger'))
  if (name === 'board') return () => playBoard(project, options)
  if (name === 'feature') return () => playFeature(project, options)
  const players = await findPlayers(root, project, options)
  return () => playDirect(project, players, options)
}

function demoOf({ name: wanted, backend = 'scripted', modelServer, claude, workers }: DemoOptions): DemoName {
  const name = DEMOS.find((one) => one === (wanted ?? (backend === 'scripted' ? 'board' : 'direct')))
  if (name === undefined) {
    throw new AtelierError('not_found', `There is no demo "${wanted}". There are: ${DEMOS.join(', ')}.`, {
      details: { allowed: DEMOS },
    })
  }
  if (name !== 'direct' && backend !== 'scripted') {
    throw new AtelierError(
      'invalid_input',
      `The demo "${name}" is played by scripted agents only so far. Allowed with --backend ${backend}: direct.`,
      { details: { name, backend, allowed: ['direct'] } },
    )
  }
  if (workers !== undefined && name !== 'feature') {
    throw new AtelierError(
      'invalid_input',
      `--workers and --no-workers go with the demo "feature"; "${name}" is played as it is.`,
      { details: { name, allowed: ['feature'] } },
    )
  }
  const flag = modelServer === true ? '--model-server' : claude === undefined ? undefined : '--claude'
  if (backend !== 'claude' && flag !== undefined) {
    throw new AtelierError(
      'invalid_input',
      `${flag} goes with --backend claude: the scripted agents of the demo need no model. Allowed: --backend claude ${flag}.`,
      { details: { flag, backend, allowed: ['claude'] } },
    )
  }
  return name
}
