/** Advances a target, and is killed on the way if a failpoint says so. */
import { advanceTarget } from '../../../src/integration/advance.ts'

const [dir = '', target = '', old = '', next = ''] = process.argv.slice(2)
await advanceTarget({ dir }, { target, old, new: next })
