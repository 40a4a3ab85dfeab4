/** A background host on the built-in backends; SIGTERM gives its running turns up. usage: command-host.ts DIR */
import { openWorkshop } from '../../../src/workshop.ts'

const [, , dir = ''] = process.argv
const shop = await openWorkshop({ dir, config: false, host: 'background' })
process.on('SIGTERM', () => void shop.close({ drain: false }))
process.stdout.write('ready\n')
await shop.hostEnded
await shop.close()
