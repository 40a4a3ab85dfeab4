/** A process that hosts runs on the scripted backend. usage: run-host.ts DIR LOG SCRIPT [DEFINITION] */
import { scriptedBackend } from '../../../src/agent-backends/scripted.ts'
import type { WorkflowDefinition } from '../../../src/workflow/definition.ts'
import { openWorkshop } from '../../../src/workshop.ts'

const [, , dir = '', log = '', script = '{}', definition = ''] = process.argv
const shop = await openWorkshop({
  dir,
  config: false,
  host: 'foreground',
  backends: [scriptedBackend({ log, script: JSON.parse(script) as object })],
})
shop.configure({ backend: 'scripted' })
process.on('SIGTERM', () => void shop.close())
if (definition !== '') {
  shop.profile('dev', 'You work.')
  shop.workflow(JSON.parse(definition) as WorkflowDefinition)
  const { id } = await shop.runWorkflow('feature')
  process.stdout.write(`started ${id}\n`)
}
process.stdout.write('ready\n')
await shop.hostEnded
await shop.close()
