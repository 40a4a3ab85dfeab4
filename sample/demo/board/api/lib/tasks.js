import { invalid, notFound } from './errors.js'

const DATE = /^\d{4}-\d{2}-\d{2}$/

/** What can be done with tasks, whoever asks for it. */
export function createTasks({ store, notifier }) {
  function find(id) {
    const task = store.get(id)
    if (!task) throw notFound(`there is no task ${id}`)
    return task
  }

  return {
    find,

    add({ title, dueOn } = {}) {
      if (typeof title !== 'string' || title.trim() === '') throw invalid('a task needs a title')
      if (dueOn !== undefined && !DATE.test(dueOn)) throw invalid(`dueOn is YYYY-MM-DD, not ${dueOn}`)
      return store.insert({ title: title.trim(), dueOn, done: false })
    },

    list({ done } = {}) {
      const all = store.list()
      return done === undefined ? all : all.filter((task) => task.done === done)
    },

    /** Answers the task as it was. */
    remove(id) {
      const task = find(id)
      store.remove(id)
      return task
    },

    async finish(id) {
      const found = find(id)
      if (found.done) return found
      const task = store.update(id, { done: true })
      await notifier.taskFinished(task)
      return task
    },
  }
}
