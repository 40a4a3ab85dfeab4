/** Keeps tasks in memory, in the order they were added. Callers get copies: only `update` changes a task. */
export function createStore() {
  const tasks = new Map()
  let lastId = 0

  return {
    insert(fields) {
      lastId += 1
      const task = { ...fields, id: String(lastId) }
      tasks.set(task.id, task)
      return { ...task }
    },

    get(id) {
      const task = tasks.get(id)
      return task && { ...task }
    },

    update(id, changes) {
      const task = { ...tasks.get(id), ...changes, id }
      tasks.set(id, task)
      return { ...task }
    },

    remove(id) {
      tasks.delete(id)
    },

    list() {
      return [...tasks.values()].map((task) => ({ ...task }))
    },
  }
}
