/** Answers requests as soon as it is told to, and says how each went. usage: answerer.ts DIR ACTOR ANSWER ID… */
import { once } from 'node:events'
import { isAtelierError } from '../../../src/errors.ts'
import { openWorkshop } from '../../../src/workshop.ts'

const [, , dir = '', actor = '', answer = '', ...ids] = process.argv
const shop = await openWorkshop({ dir, config: false, host: 'none', actor })
process.stdout.write('open\n')
await once(process.stdin, 'data')
const outcomes: string[] = []
for (const id of ids) {
  try {
    const { answeredBy } = await shop.answer(id, answer)
    outcomes.push(`answered by ${answeredBy}`)
  } catch (error) {
    if (!isAtelierError(error)) throw error
    outcomes.push(`${error.code} by ${String(error.details['answeredBy'])}`)
  }
}
await shop.close()
process.stdout.write(`${JSON.stringify(outcomes)}\n`)
process.stdin.destroy()
