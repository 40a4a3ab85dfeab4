/**
 * A host that runs turns of Claude Code which do not end by themselves; see `rss-claude.ts`.
 *
 * usage: claude-host.ts PLACE; PLACE is JSON
 */
import { openWorkshop } from '../src/workshop.ts'
import type { ClaudePlace } from './claude-place.ts'

export interface ClaudeHostInput extends Pick<ClaudePlace, 'project' | 'executable' | 'env'> {
  readonly agents: number
}

const { project, executable, env, agents } = JSON.parse(process.argv[2] ?? '{}') as ClaudeHostInput
const shop = await openWorkshop({ dir: project, config: false })
shop.configure({ backend: 'claude', backendConfig: { executable }, env, concurrency: agents })
for (let n = 0; n < agents; n++) {
  shop.agent(`agent_${n}`, 'Works for long.')
  void shop.cast(`agent_${n}`, 'Tell a long story.')
}
process.once('message', () => {
  void shop.close({ drain: false }).then(() => process.disconnect())
})
