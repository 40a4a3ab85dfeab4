/** A client that hosts nothing: it asks and counts. usage: client.ts DIR NAME ASKS */
import { scriptedBackend } from '../../../src/agent-backends/scripted.ts'
import { openWorkshop } from '../../../src/workshop.ts'
import { watchLoop } from './loop.ts'

const [, , dir = '', name = '', asks = '0'] = process.argv
const loop = watchLoop()
const shop = await openWorkshop({
  dir,
  config: false,
  host: 'none',
  actor: name,
  backends: [scriptedBackend()],
})
shop.configure({ backend: 'scripted' })
shop.agent(`agent-${name}`, 'Answers.')
const answers: string[] = []
for (let n = 0; n < Number(asks); n++) answers.push((await shop.ask(`agent-${name}`, `question ${n}`)).text)
await shop.close()
process.stdout.write(`${JSON.stringify({ answers, blockedMs: loop.stop() })}\n`)
