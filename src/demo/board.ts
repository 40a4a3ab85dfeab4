/** The board demo: two coders and a reviewer take items from a board, each in a worktree of its own. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { scriptedBackend } from '../agent-backends/scripted.ts'
import { boardLines, summaryText } from '../cli/views/board-text.ts'
import { paintFor } from '../cli/paint.ts'
import { AtelierError } from '../errors.ts'
import type { Workshop } from '../facade/contract.ts'
import type { SettledBoard } from '../workers/view-types.ts'
import { systemClock } from '../time/system-clock.ts'
import { openWorkshop } from '../workshop.ts'
import { BoardTeller } from './board-teller.ts'
import { boardStory, ITEMS, VERIFY } from './board-story.ts'
import { git } from './git.ts'
import { Narrator, type DemoSink } from './narrator.ts'
import type { Hint } from './players.ts'
import type { DemoOptions } from './run.ts'
import type { SampleProject } from './sample-project.ts'
import { ruleOf } from './script.ts'
import { countsIn, callText, countsText } from './telling.ts'

const TITLE = 'Two coders and a reviewer work on a real project, each in its own worktree.'
const ABOUT =
  'What the agents say is scripted: no account, no network. Files, worktrees, test runs, merges and every record are real.'

/** Columns of `auth_review`, the longest name. */
const NAME_WIDTH = 11

/**
 * Plays it from its first line to its last.
 * @throws AtelierError `cancelled` if the signal is aborted, `verification_failed` if main is not green in the end
 */
export async function playBoard(
  project: SampleProject,
  { signal, out }: Pick<DemoOptions, 'signal' | 'out'>,
): Promise<void> {
  const { dir } = project
  const narrator = new Narrator(out, dir, NAME_WIDTH)
  const teller = new BoardTeller(narrator)
  const rules = (await boardStory(dir)).map((part) => ruleOf(part.cue, part, out.isTerminal))
  const shop = await openWorkshop({
    dir,
    config: false,
    backends: [scriptedBackend({ script: { rules } })],
    actor: 'demo',
    onActivity: (turn, event) => teller.activity(turn.agent.name, event),
  })
  try {
    narrator.intro(TITLE, { about: ABOUT })
    const settled = await work(shop, narrator, teller, signal).catch(async (error: unknown) => {
      narrator.outro(hintsHere(dir))
      throw error
    })
    await showWork(shop, project, narrator, out)
    const green = await showTests(dir, narrator, signal)
    narrator.outro(hintsHere(dir), HINTS_YOURS)
    if (!green || settled.summary.done < ITEMS.length) throw notGreen(dir)
  } finally {
    await shop.close(signal?.aborted === true ? { drain: false } : {})
  }
}

/** Posts the items, starts the workers, and tells what happens until nothing is left to do. */
async function work(
  shop: Workshop,
  narrator: Narrator,
  teller: BoardTeller,
  signal: AbortSignal | undefined,
): Promise<SettledBoard> {
  shop.configure({ backend: 'scripted' })
  shop.profile('coder', 'You write clean, tested code.', { timeout: '10m' })
  shop.profile('reviewer', 'You review what was merged. You change nothing.', { timeout: '10m' })
  narrator.calls([
    ...ITEMS.map(({ id, title, options }) => callOf(`work('${id}', '${title}',`, `${literal(options)})`)),
    ...CODERS.map((name) => `boardWorker('${name}', 'code', ${literal(CODER)})`),
    `boardWorker('reviewer_1', 'review', ${literal(REVIEWER)})`,
  ])
  narrator.block('')

  const end = new AbortController()
  const told = teller.follow(shop.watch({ after: 0, signal: end.signal }))
  // Where the work ends with an error, nobody waits for the rest of what there is to tell.
  told.catch(() => {})
  let settled: SettledBoard
  try {
    for (const { id, title, options } of ITEMS) await shop.work(id, title, options)
    for (const name of CODERS) shop.boardWorker(name, 'code', CODER)
    shop.boardWorker('reviewer_1', 'review', REVIEWER)
    settled = await shop.boardSettled(signal === undefined ? {} : { signal })
  } finally {
    end.abort()
  }
  const last = await told
  for (const event of await shop.events({ after: last, last: 500 })) await teller.event(event)
  return settled
}

const CODERS = ['coder_1', 'coder_2'] as const
const CODER = { profile: 'coder', worktree: true } as const
const REVIEWER = { profile: 'reviewer', worktree: true } as const

/** On one line, if that is short enough for a screen. */
function callOf(begin: string, options: string): string {
  const oneLine = `${begin} ${options}`
  return oneLine.length <= 76 ? oneLine : `${begin}\n${options}`
}

/** Plain data as a person writes it in code. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, member]) => `${name}: ${literal(member)}`)
  return `{ ${members.join(', ')} }`
}

/** The board as `atelier board` shows it, and what git has. */
async function showWork(
  shop: Workshop,
  { dir, head }: SampleProject,
  narrator: Narrator,
  out: DemoSink,
): Promise<void> {
  const board = await shop.board()
  narrator.heading('The board')
  const page = { paint: paintFor(out), width: narrator.blockWidth, now: systemClock.now() }
  narrator.block([...boardLines(board, page), summaryText(board)].join('\n'))

  const range = ['--graph', '--oneline', '--no-decorate']
  const made = Number(await git(dir, ['rev-list', '--count', `${head}..main`]))
  narrator.heading('git log --graph --oneline main')
  narrator.block(await git(dir, ['log', ...range, `--max-count=${made + 1}`, 'main']))
}

/** The demo's own look at the result; true if all tests are green. */
async function showTests(dir: string, narrator: Narrator, signal: AbortSignal | undefined): Promise<boolean> {
  narrator.heading(`${VERIFY}, run by the demo on main`)
  const args = ['--test', '--test-reporter=tap']
  const options = { cwd: dir, ...(signal !== undefined && { signal }) }
  const counts = await promisify(execFile)(process.execPath, args, options).then(
    ({ stdout }) => countsIn(stdout),
    (error: unknown) => countsIn((error as { readonly stdout?: string }).stdout ?? ''),
  )
  const isGreen = counts !== undefined && counts.fail === 0 && counts.pass > 0
  narrator.block(`${isGreen ? 'green' : 'red'}: ${countsText(counts)}`, isGreen ? 'green' : 'red')
  return isGreen
}

function notGreen(dir: string): AtelierError {
  return new AtelierError(
    'verification_failed',
    `The demo did not come to its end: not every item is done and green. Look at the board: ${callText('atelier')} board --dir ${dir}`,
    { details: { dir } },
  )
}

function hintsHere(dir: string): readonly Hint[] {
  const own = callText('atelier')
  return [
    { why: 'the board, which outlives every process', command: `${own} board --dir ${dir}` },
    { why: 'auth, with each try and what it ended with', command: `${own} work show auth --dir ${dir}` },
    {
      why: 'two agents in a conversation; with --backend claude, by Claude Code',
      command: `${callText('demo')} direct`,
    },
  ]
}

/** In a project of the watcher's own, which has the profile `coder` of `atelier init`. */
const HINTS_YOURS: readonly Hint[] = [
  {
    why: 'post an item there, and be a worker that does it',
    command: [
      `${callText('atelier')} work add fix 'Fix it' --type code --verify 'npm test' \\`,
      '  --dir path/to/your/project',
      `${callText('atelier')} board-worker dev code --profile coder --worktree \\`,
      '  --dir path/to/your/project',
    ].join('\n'),
  },
]
