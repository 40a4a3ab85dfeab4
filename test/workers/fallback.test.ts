import { describe, expect, it } from 'vitest'
import { openBoard, SETTLED } from './board.ts'

describe('the fallback of an item', () => {
  it('is tried in order when the worker has failed; a profile that there is not is passed over (AS-110, D14)', async () => {
    const { shop, events } = await openBoard({
      rules: [{ agent: 'dev.third', reply: 'The third did it.' }],
      steps: [{ fail: { kind: 'process_exit', message: 'boom' } }],
    })
    for (const profile of ['second', 'third', 'fourth']) shop.profile(profile, `You are ${profile}.`)
    await shop.boardWorker('dev', 'code').stored
    await shop.work('it', 'Do it', {
      type: 'code',
      retry: { attempts: 2, delays: [0] },
      fallback: ['nobody', 'second', 'third', 'fourth'],
    })
    await shop.boardSettled(SETTLED)
    expect(await shop.item('it')).toMatchObject({
      state: 'done',
      result: 'The third did it.',
      claimedBy: 'dev.third',
    })
    const owners = (await events('item.claimed')).map(({ data }) => 'owner' in data && data.owner)
    expect(owners).toEqual(['dev', 'dev', 'dev.nobody', 'dev.second', 'dev.third'])
    expect(await shop.workers()).toMatchObject([{ name: 'dev', finished: 1 }])
  })

  it('begins at once after an error that another try of the same agent would meet again', async () => {
    const { shop, events } = await openBoard({
      rules: [{ agent: 'dev.other', reply: 'ok' }],
      steps: [{ fail: { kind: 'process_exit' } }],
    })
    shop.profile('other', 'You are another.')
    await shop.boardWorker('dev', 'code').stored
    await shop.work('it', 'Do it', {
      type: 'code',
      fallback: ['other'],
      retry: { attempts: 3, retryOn: ['timeout'] },
    })
    await shop.boardSettled(SETTLED)
    expect(await shop.item('it')).toMatchObject({ state: 'done', claimedBy: 'dev.other' })
    expect(await events('item.claimed')).toHaveLength(2)
  })

  it('ends with what every one of them met, when all have failed (AS-110, AS-82, D14)', async () => {
    const { shop } = await openBoard({
      rules: [{ agent: 'dev', steps: [{ fail: { kind: 'network', message: 'no route' } }] }],
      steps: [{ fail: { kind: 'process_exit', message: 'boom' } }],
    })
    shop.profile('second', 'You are the second.')
    await shop.boardWorker('dev', 'code').stored
    await shop.work('it', 'Do it', { type: 'code', retry: 'none', fallback: ['second'] })
    await shop.boardSettled(SETTLED)
    const item = await shop.item('it')
    expect(item).toMatchObject({ state: 'failed', error: { code: 'all_agents_failed' } })
    expect(item.error?.details?.['causes']).toMatchObject([
      { agent: 'dev', message: 'no route' },
      { agent: 'dev.second', message: 'boom' },
    ])
    expect(item.tries).toHaveLength(2)
  })
})
