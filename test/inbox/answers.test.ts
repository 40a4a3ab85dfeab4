import { describe, expect, test } from 'vitest'
import { openShops, temporaryFolder } from './shops.ts'
import { openViews } from '../../src/workshop.ts'

describe('the inbox', () => {
  test('shows what waits, until it is answered, and with all also what was', async () => {
    const { open, dir } = await openShops()
    const impl = await open('impl')
    const sam = await open('sam')
    const asked = await impl.request('Which database?', { details: { candidates: ['postgres', 'sqlite'] } })
    expect(await sam.inbox()).toEqual([asked])
    expect(asked).toMatchObject({
      kind: 'question',
      state: 'open',
      about: { kind: 'agent', id: 'impl', title: null },
      askedBy: 'impl',
      question: 'Which database?',
      details: { candidates: ['postgres', 'sqlite'] },
      options: null,
      whoMayAnswer: ['anyone'],
      deadline: null,
    })
    expect((await sam.status()).inbox).toEqual({ question: 1, permission: 0, approval: 0, merge: 0 })
    const answered = await sam.answer(asked.id, 'postgres', { comment: 'We run it anyway.' })
    expect(answered).toMatchObject({
      state: 'answered',
      answer: 'postgres',
      comment: 'We run it anyway.',
      answeredBy: 'sam',
      answeredVia: 'library',
    })
    expect(await sam.inbox()).toEqual([])
    const views = await openViews({ dir })
    expect(await views.inbox({ all: true })).toEqual([answered])
    await views.close()
  })

  test('is filtered by kind, item and agent', async () => {
    const { open } = await openShops()
    const shop = await open('impl')
    await shop.work('deploy', 'Deploy it')
    const ids = {
      question: (await shop.request('Why?')).id,
      item: (await shop.request('Deploy?', { kind: 'approval', item: 'deploy' })).id,
      agent: (await shop.request('Is it done?', { agent: 'tests' })).id,
    }
    const idsOf = async (filter: Parameters<typeof shop.inbox>[0]): Promise<string[]> =>
      (await shop.inbox(filter)).map(({ id }) => id)
    expect(await idsOf({ kind: 'approval' })).toEqual([ids.item])
    expect(await idsOf({ item: 'deploy' })).toEqual([ids.item])
    expect(await idsOf({ agent: 'tests' })).toEqual([ids.agent])
    expect(await idsOf({})).toHaveLength(3)
  })

  test('keeps long questions, details and answers whole', async () => {
    const { open } = await openShops()
    const shop = await open('impl')
    const long = 'ä'.repeat(9000)
    const { id } = await shop.request(`Why? ${long}`, { details: { log: long } })
    await shop.answer(id, { because: long }, { comment: long })
    expect(await shop.inbox({ all: true })).toMatchObject([
      { question: `Why? ${long}`, details: { log: long }, answer: { because: long }, comment: long },
    ])
    await expect(shop.answer(id, { because: long })).resolves.toMatchObject({ state: 'answered' })
  })

  test('is there before any state is', async () => {
    const views = await openViews({ dir: await temporaryFolder() })
    expect(await views.inbox()).toEqual([])
    await views.close()
  })
})

describe('an answer', () => {
  test('counts once: repeated it changes nothing, another one is refused with the one that counts', async () => {
    const { open } = await openShops()
    const shop = await open('sam')
    const kim = await open('kim')
    const { id } = await shop.request('Deploy?', { kind: 'approval' })
    const first = await shop.approve(id, 'Looks good')
    const { length } = await shop.events({ last: 100 })
    expect(await shop.approve(id)).toEqual(first)
    expect(await shop.answer(id, 'approve')).toEqual(first)
    await expect(shop.reject(id, 'No')).rejects.toMatchObject({
      code: 'already_done',
      details: { answer: 'approve', answeredBy: 'sam' },
    })
    await expect(kim.approve(id)).rejects.toMatchObject({
      code: 'already_done',
      message: expect.stringContaining('answered with "approve" by sam') as string,
    })
    expect(await shop.events({ last: 100 })).toHaveLength(length)
  })

  test('is refused from an agent that may not give it, and from the one that asked', async () => {
    const { open } = await openShops()
    const sam = await open('sam')
    for (const name of ['impl', 'lead'])
      await sam.agent(name, 'Works.', { backend: 'command', backendConfig: { command: 'cat' } }).stored
    const impl = await open('impl')
    const lead = await open('lead')
    const approval = await impl.request('May I?', { kind: 'permission' })
    const forLead = await impl.request('Like this?', { whoMayAnswer: ['lead'] })
    const question = await impl.request('Which one?')
    await expect(lead.approve(approval.id)).rejects.toMatchObject({
      code: 'forbidden',
      details: { whoMayAnswer: ['person'] },
    })
    await expect(sam.answer(forLead.id, 'yes')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(impl.answer(question.id, 'this one')).rejects.toMatchObject({ code: 'forbidden' })
    expect(await lead.answer(forLead.id, 'yes')).toMatchObject({ answeredBy: 'lead' })
    expect(await lead.answer(question.id, 'the first')).toMatchObject({ answeredBy: 'lead' })
    expect(await sam.reject(approval.id, 'Not on Fridays')).toMatchObject({ answer: 'reject' })
  })

  test('takes the beginning of an id, and refuses one that is not enough', async () => {
    const { open } = await openShops()
    const shop = await open('sam')
    const { id } = await shop.request('Which one?')
    await expect(shop.answer('ask_', 'a')).rejects.toMatchObject({ code: 'not_found' })
    await expect(shop.answer('nothing', 'a')).rejects.toMatchObject({ code: 'not_found' })
    expect(await shop.answer(id.slice('ask_'.length, 12), 'a')).toMatchObject({ id, state: 'answered' })
    expect(await shop.answer(id.slice(0, 12), 'a')).toMatchObject({ id })
  })

  test('reaches whoever waits for it, in another process', async () => {
    const { open } = await openShops()
    const impl = await open('impl')
    const sam = await open('sam')
    const { id } = await impl.request('Which one?')
    const waiting = impl.answered(id)
    await sam.answer(id, 'the first')
    expect(await waiting).toMatchObject({ state: 'answered', answer: 'the first' })
    expect(await impl.answered(id)).toMatchObject({ answer: 'the first' })
  })

  test('may be waited for no longer than one wants to, and the request stays', async () => {
    const { open, clock } = await openShops()
    const shop = await open('impl')
    const { id } = await shop.request('Which one?')
    const controller = new AbortController()
    const ended = shop.answered(id, { signal: controller.signal })
    controller.abort()
    await expect(ended).rejects.toMatchObject({ code: 'cancelled' })
    const timers = clock.pending
    const late = shop.answered(id, { timeout: '1m' }).catch((error: unknown) => error)
    await expect.poll(() => clock.pending).toBeGreaterThan(timers)
    await clock.advance(60_000)
    expect(await late).toMatchObject({ code: 'timeout' })
    await expect(shop.answered(id, { timeout: 0 })).rejects.toMatchObject({ code: 'timeout' })
    expect(await shop.inbox()).toHaveLength(1)
  })
})

test('the same request is asked once while it is open, also by a process that crashed in between', async () => {
  const { open } = await openShops()
  const before = await open('impl')
  const after = await open('impl')
  const first = await before.request('Deploy?', { kind: 'approval', deadline: '1h' })
  expect(await after.request('Deploy?', { kind: 'approval', deadline: '2h' })).toEqual(first)
  await after.reject(first.id, 'Not yet')
  expect((await after.request('Deploy?', { kind: 'approval' })).id).not.toBe(first.id)
})

test('what cannot be asked is refused with what is allowed', async () => {
  const { open } = await openShops()
  const shop = await open('impl')
  await shop.work('a', 'Do it')
  await shop.cancel('a')
  const refusals = [
    ['Deploy?', { item: 'b' }, 'not_found'],
    ['Deploy?', { item: 'a' }, 'already_done'],
    ['Deploy?', { hold: true }, 'invalid_input'],
    ['Deploy?', { default: 'yes' }, 'invalid_input'],
    ['', {}, 'invalid_input'],
  ] as const
  for (const [question, options, code] of refusals)
    await expect(shop.request(question, options)).rejects.toMatchObject({ code })
  expect(await shop.inbox()).toEqual([])
})
