/** Claims items for several agents at the same moment: `claimer.ts DIR AGENT...`. An item on stdin starts a race. */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { isAtelierError } from '../../../src/errors.ts'
import { openWorkshop } from '../../../src/workshop.ts'

const [dir = '.', ...names] = process.argv.slice(2)
const shop = await openWorkshop({
  ...{ dir, config: false, host: 'none', durability: 'fast' },
  persistence: join(dir, 'state'),
})
process.stdout.write('ready\n')
for await (const item of createInterface({ input: process.stdin })) {
  // Somebody else is first each time.
  names.push(names.shift() as string)
  const outcomes = await Promise.all(
    names.map((agent) =>
      shop.claim(item, agent).then(
        ({ owner }) => owner,
        (error: unknown) => (isAtelierError(error) ? error.code : String(error)),
      ),
    ),
  )
  process.stdout.write(`${outcomes.join(' ')}\n`)
}
await shop.close()
