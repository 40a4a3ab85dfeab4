import { retry } from './retry.js'

/**
 * Tells subscribers what happened; a transport that fails is tried again as `retryOptions` say.
 * An event that cannot be sent is kept in `undelivered`; the caller goes on.
 */
export function createNotifier({ send, retryOptions }) {
  const undelivered = []

  async function publish(event) {
    try {
      await retry(() => send(event), retryOptions)
    } catch (error) {
      undelivered.push({ event, reason: error.message })
    }
  }

  return {
    undelivered,
    taskFinished: (task) => publish({ type: 'task.finished', task }),
  }
}
