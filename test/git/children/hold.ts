/** Locks a ref and is killed while it holds it. */
import { moveLocked } from '../../../src/git/ref-lock.ts'

const [dir = '', ref = '', old = '', next = ''] = process.argv.slice(2)
await moveLocked({ dir }, { ref, old, new: next, why: 'test' }, async () => {
  process.kill(process.pid, 'SIGKILL')
  return { move: true }
})
