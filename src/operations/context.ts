/** Values that the team shares. */
import { AtelierError, nearestNames } from '../errors.ts'
import { operation, type Operation, type Param } from './operation.ts'

const KEY = {
  name: 'key',
  type: 'string',
  required: true,
  positional: true,
  description: 'Key of the value',
} as const satisfies Param

const IF_VERSION = {
  name: 'ifVersion',
  type: 'number',
  integer: true,
  min: 0,
  placeholder: 'version',
  description: 'Only if the key is still at this version; 0: only if it does not exist',
} as const satisfies Param

const put: Operation = operation({
  name: 'put',
  summary: 'Store a value under a key',
  details: 'The value is JSON where it reads as JSON, else a text.',
  group: 'context',
  needs: 'team',
  rights: 'operate',
  params: [
    KEY,
    {
      name: 'value',
      type: 'json',
      required: true,
      positional: true,
      rest: true,
      stdin: 'missing',
      orText: true,
      description: 'The value',
    },
    IF_VERSION,
  ],
  examples: ["atelier put api 'GET /tasks lists them'", `atelier put limits '{"retries":3}' --if-version 2`],
  library: "await shop.put('limits', { retries: 3 }, { ifVersion: 2 })",
  run: (shop, { key, value, ...options }) => shop.put(key, value, options),
})

const get: Operation = operation({
  name: 'get',
  summary: 'Show the value of a key',
  group: 'context',
  needs: 'views',
  rights: 'read',
  params: [
    KEY,
    {
      name: 'fallback',
      type: 'json',
      orText: true,
      description: 'Value if the key does not exist',
      placeholder: 'value',
    },
    { name: 'entry', type: 'boolean', description: 'With version, author and time' },
  ],
  examples: ['atelier get api', 'atelier get limits --entry --json'],
  library: "await shop.get('limits')",
  async run(shop, { key, fallback, entry }) {
    const found = await shop.entry(key)
    if (found !== undefined) return entry === true ? found : found.value
    if (fallback !== undefined) return fallback
    const near = nearestNames(key, await shop.keys())
    const hint = near.length > 0 ? ` Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?` : ''
    throw new AtelierError(
      'not_found',
      `Nothing is stored under "${key}".${hint} \`atelier keys\` lists all keys.`,
      {
        details: { key, near },
      },
    )
  },
})

const keys: Operation = operation({
  name: 'keys',
  summary: 'List the keys',
  group: 'context',
  needs: 'views',
  rights: 'read',
  params: [
    { name: 'prefix', type: 'string', positional: true, description: 'Only keys that begin with this' },
  ],
  examples: ['atelier keys', 'atelier keys review/'],
  library: "await shop.keys('review/')",
  run: (shop, input) => shop.keys(input.prefix),
})

const remove: Operation = operation({
  name: 'remove',
  summary: 'Remove a key',
  group: 'context',
  needs: 'team',
  rights: 'operate',
  params: [KEY, IF_VERSION],
  examples: ['atelier remove api'],
  library: "await shop.remove('api')",
  run: async (shop, { key, ...options }) => ({ key, removed: await shop.remove(key, options) }),
})

export const CONTEXT: readonly Operation[] = [put, get, keys, remove]
