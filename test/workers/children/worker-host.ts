/** A process with a board worker on the scripted backend. usage: worker-host.ts DIR LOG TYPE SCRIPT */
import { scriptedBackend } from '../../../src/agent-backends/scripted.ts'
import { openWorkshop } from '../../../src/workshop.ts'

const [, , dir = '', log = '', type = 'code', script = '{}'] = process.argv
const shop = await openWorkshop({
  dir,
  config: false,
  host: 'foreground',
  hostAgents: [`worker_${process.pid}`],
  backends: [scriptedBackend({ log, script: JSON.parse(script) as object })],
})
shop.configure({ backend: 'scripted' })
process.on('SIGTERM', () => void shop.close())
await shop.boardWorker(`worker_${process.pid}`, type, { worktree: process.env['WORKTREE'] === '1' }).stored
process.stdout.write('ready\n')
await shop.hostEnded
await shop.close()
