import { createApi } from './api.js'
import { createNotifier } from './notify.js'
import { createStore } from './store.js'
import { createTasks } from './tasks.js'

/** The whole service. `send` delivers one event to the subscribers and rejects if it could not. `tokens` are asked for. */
export function createLedger({ send, today = currentDate, tokens }) {
  const notifier = createNotifier({ send })
  const tasks = createTasks({ store: createStore(), notifier })
  return { api: createApi({ tasks, today, tokens }), undelivered: notifier.undelivered }
}

function currentDate() {
  return new Date().toISOString().slice(0, 10)
}
