import { LedgerError, notFound } from './errors.js'
import { summarise } from './report.js'

/** Every request the service answers. A `:name` in a path becomes `params.name`. */
const routes = [
  {
    method: 'GET',
    path: '/tasks',
    run: ({ tasks, query }) => ({ status: 200, body: tasks.list(parseFilter(query)) }),
  },
  {
    method: 'POST',
    path: '/tasks',
    run: ({ tasks, body }) => ({ status: 201, body: tasks.add(body) }),
  },
  {
    method: 'GET',
    path: '/tasks/:id',
    run: ({ tasks, params }) => ({ status: 200, body: tasks.find(params.id) }),
  },
  {
    method: 'DELETE',
    path: '/tasks/:id',
    run: ({ tasks, params }) => ({ status: 200, body: tasks.remove(params.id) }),
  },
  {
    method: 'POST',
    path: '/tasks/:id/finish',
    run: async ({ tasks, params }) => ({ status: 200, body: await tasks.finish(params.id) }),
  },
  {
    method: 'GET',
    path: '/report',
    run: ({ tasks, today }) => ({ status: 200, body: summarise(tasks.list(), today()) }),
  },
]

/** Answers requests that are plain objects: `{ method, path, query, body }` in, `{ status, body }` out. */
export function createApi({ tasks, today }) {
  return {
    async handle({ method, path, query = {}, body }) {
      try {
        const { route, params } = findRoute(method, path)
        return await route.run({ tasks, today, params, query, body })
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error
        return { status: error.status, body: { error: error.code, message: error.message } }
      }
    },
  }
}

function findRoute(method, path) {
  for (const route of routes) {
    const params = route.method === method && matchPath(route.path, path)
    if (params) return { route, params }
  }
  throw notFound(`nothing answers ${method} ${path}`)
}

function matchPath(pattern, path) {
  const expected = pattern.split('/')
  const given = path.split('/')
  if (expected.length !== given.length) return undefined
  const params = {}
  for (const [index, part] of expected.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[index]
    else if (part !== given[index]) return undefined
  }
  return params
}

function parseFilter({ done }) {
  return done === undefined ? {} : { done: done === 'true' }
}
