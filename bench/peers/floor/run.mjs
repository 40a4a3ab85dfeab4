/** The floor: one durable insert for each step, on Node's own SQLite, and nothing else. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { measurePeer, modesOf } from '../peer.mjs'

await measurePeer([], ({ steps, dir, isFull }) => {
  const db = new DatabaseSync(join(dir, 'floor.db'))
  db.exec('PRAGMA journal_mode = WAL')
  db.exec(`PRAGMA synchronous = ${isFull ? 'FULL' : 'NORMAL'}`)
  db.exec('CREATE TABLE "step" ("seq" INTEGER PRIMARY KEY, "id" TEXT NOT NULL, "result" TEXT NOT NULL)')
  const insert = db.prepare('INSERT INTO "step" ("id", "result") VALUES (?, ?)')
  const pragma = (name) => db.prepare(`PRAGMA ${name}`).get()[name]
  return {
    run: () => {
      for (const { id } of steps) insert.run(id, '1')
      return db.prepare('SELECT count(*) AS "count" FROM "step"').get().count
    },
    modes: () => modesOf({ journal: pragma('journal_mode'), synchronous: pragma('synchronous') }),
    close: () => db.close(),
  }
})
