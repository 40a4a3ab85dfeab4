/** A background host, until it is asked to end or killed. usage: team-host.ts DIR CONCURRENCY */
import { openWorkshop } from '../../src/workshop.ts'

const [, , dir = '', concurrency = '4'] = process.argv
const shop = await openWorkshop({
  dir,
  config: { concurrency: Number(concurrency) },
  host: 'background',
  onError: (error) => process.stderr.write(`${String(error)}\n`),
})
process.stdout.write('ready\n')
await shop.hostEnded
await shop.close()
