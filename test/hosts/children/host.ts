/** A background host on the scripted backend, until it is asked to end. usage: host.ts DIR LOG */
import { scriptedBackend } from '../../../src/agent-backends/scripted.ts'
import { openWorkshop } from '../../../src/workshop.ts'
import { watchLoop } from './loop.ts'

const [, , dir = '', log = ''] = process.argv
const loop = watchLoop()
const shop = await openWorkshop({
  dir,
  config: false,
  host: 'background',
  backends: [
    scriptedBackend({
      log,
      script: { rules: [{ match: 'hang', steps: [{ hang: true }] }], reply: '@AGENT@ by host' },
    }),
  ],
})
process.stdout.write('ready\n')
await shop.hostEnded
await shop.close()
process.stdout.write(`${JSON.stringify({ blockedMs: loop.stop() })}\n`)
