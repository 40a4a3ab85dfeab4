import { describe, test } from 'vitest'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { describeStore } from '../../src/testing/store-conformance.ts'

const ONE_PROCESS = 'what is in memory belongs to the one store that made it'

describeStore(
  'memory',
  {
    async place() {
      return { open: async (opening) => openMemoryStore(opening), dispose: async () => {} }
    },
    skip: {
      'two stores at one place lose no update between them': ONE_PROCESS,
      'commands of two stores on one row without a common key lose no update': ONE_PROCESS,
      'a read sees one state while another store at the same place commits': ONE_PROCESS,
      'a reader that follows the log misses nothing while a writer holds an event back': ONE_PROCESS,
      'readers that follow the log while two stores write see every event once and in order': ONE_PROCESS,
      'a listener hears that another store at the same place has committed': ONE_PROCESS,
      'events that follow on those of another store are read, not handed over': ONE_PROCESS,
      'what was committed is there when the place is opened again': 'nothing is kept',
    },
  },
  { describe, test },
)
