import type { Outputs } from '../../operations/outputs.ts'
import { formatTable, type Column } from '../columns.ts'
import { plural } from '../format.ts'
import type { Page, Shown, Views } from './view.ts'

type Line = Outputs['worktrees'][number]

export const WORKTREE_VIEWS: Views<'worktrees'> = { worktrees: showWorktrees }

const USES: Readonly<Record<Line['use'], string>> = { in_use: 'in use', kept: 'kept', left: 'left over' }

function showWorktrees(lines: Outputs['worktrees'], page: Page): Shown {
  const isPruning = page.input['action'] === 'prune'
  const isDry = page.input['dryRun'] === true
  if (lines.length === 0)
    return { body: '', remark: isPruning ? 'No worktree is left over.' : 'No attempt has a worktree now.' }
  const saved = lines.flatMap((line) => ('saved' in line ? line.saved : []))
  const warnings = lines.flatMap((line) => ('warnings' in line ? line.warnings : []))
  const body = [
    formatTable(lines, columns(page), page),
    ...saved.map((ref) => `saved as ${ref}: git log ${ref}`),
    ...warnings.map((warning) => page.paint.bad(warning)),
  ]
  const free = lines.filter(({ use }) => use !== 'in_use').length
  const remark =
    isPruning && isDry
      ? `${plural(free, 'worktree')} would go: atelier worktrees prune`
      : !isPruning && free > 0
        ? `Nobody uses ${plural(free, 'worktree')}; what is not committed is saved when they go: atelier worktrees prune`
        : undefined
  return { body: `${body.join('\n')}\n`, ...(remark === undefined ? {} : { remark }) }
}

function columns({ paint }: Page): Column<Line>[] {
  return [
    { title: 'ITEM', text: ({ item }) => item ?? '', paint: paint.name },
    {
      title: 'USE',
      text: (line) => ('removed' in line && line.removed ? 'removed' : USES[line.use]),
      paint: (text, { use }) => (use === 'in_use' ? paint.active(text) : text),
    },
    { title: 'BRANCH', text: ({ branch }) => branch ?? '' },
    {
      title: 'FOLDER',
      flexible: true,
      text: ({ path, state }) => (state === 'gone' ? `${path} (deleted)` : path),
    },
  ]
}
