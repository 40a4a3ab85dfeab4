import { expect, onTestFinished, test } from 'vitest'
import { decideAsk } from '../../src/inbox/asking.ts'
import { projection } from '../../src/projection.ts'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { commit } from '../../src/team/context.ts'
import { lookUpRequest } from '../../src/team/inbox-rows.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { newRequest } from './example-requests.ts'

test('the beginning of an id names a request only where it is long enough and that of one', async () => {
  const store = openMemoryStore({ projection, clock: new ManualClock() })
  onTestFinished(() => store.close())
  const ids = ['ask_abcd0000', 'ask_abcd1111', 'ask_abc20000', 'ask_zzzz0000']
  await commit(store, {
    name: 'inbox.change',
    keys: ['inbox'],
    by: { actor: 'impl', via: 'library' },
    load: async () => {},
    decide: (_loaded, now) => ({
      events: ids.flatMap((id) => decideAsk(newRequest({ id }), [], now).events),
    }),
  })
  const found = async (given: string): Promise<string> => {
    const result = await store.read((reader) => lookUpRequest(reader, given))
    return 'row' in result ? result.row.id : `${result.refused.code}: ${result.refused.message}`
  }
  expect(await found('abc2')).toBe('ask_abc20000')
  expect(await found('ask_zzz')).toBe('ask_zzzz0000')
  expect(await found('abcd')).toContain('several requests: ask_abcd0000, ask_abcd1111. Give more of the id.')
  expect(await found('abcd1111')).toBe('ask_abcd1111')
  expect(await found('zz')).toContain('not_found')
  expect(await found('abcd00001')).toContain('not_found: There is no request "abcd00001".')
})
