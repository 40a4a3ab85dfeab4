/** A process that writes to a store: `writer.ts PATH increment N`, `put KEY`, `line` or `hold`. */
import { openSqliteStore } from '../../../src/stores/sqlite/store.ts'
import { contextPut, decided, increment } from '../../../src/testing/store-cases/case.ts'
import { smallProjection } from '../../../src/testing/store-projection.ts'
import { systemClock } from '../../../src/time/system-clock.ts'

const [path = '', command = '', argument = ''] = process.argv.slice(2)

if (command === 'hold') {
  // Takes the write lock and never gives it back: the test kills this process.
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path)
  database.exec('BEGIN IMMEDIATE')
  database.exec(`INSERT INTO context ("key", "version") VALUES ('held', 1)`)
  process.stdout.write('held\n')
  process.stdin.resume()
} else {
  const store = await openSqliteStore({ path, projection: smallProjection, clock: systemClock })
  process.stdout.write('open\n')
  if (command === 'increment')
    await Promise.all(Array.from({ length: Number(argument) }, () => increment(store, 'global')))
  if (command === 'put') await decided(store, { events: [contextPut(argument, '1')] })
  if (command === 'line') {
    await store.write([{ table: 'transcript', put: { turn: 't', n: 1, at: 1, kind: 'text', body: 'x' } }])
  }
  await store.close()
  process.stdout.write('closed\n')
}
