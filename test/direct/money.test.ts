import { describe, expect, test } from 'vitest'
import type { AtelierError } from '../../src/errors.ts'
import { openTeam } from './team.ts'

describe('cost and budgets (A50)', () => {
  test('costs add up over turns, per agent and in total', async () => {
    const { shop } = await openTeam({ costUsd: 0.1, usage: { input: 10, output: 5 } })
    await shop.ask('impl', 'one')
    await shop.ask('impl', 'two')
    await shop.ask('reviewer', 'three')
    const { total, agents } = await shop.cost()
    expect(total).toMatchObject({ costUsd: 0.3, turns: 3, inputTokens: 30, outputTokens: 15, assumedUsd: 0 })
    expect(agents).toMatchObject([
      { name: 'impl', costUsd: 0.2, turns: 2 },
      { name: 'reviewer', costUsd: 0.1, turns: 1 },
    ])
    expect(await shop.totalCost()).toBe(0.3)
  })

  test('costs survive reset and dismissal', async () => {
    const { shop } = await openTeam({ costUsd: 0.25 })
    await shop.ask('impl', 'one')
    await shop.ask('tests', 'two')
    await shop.reset('impl')
    await shop.dismiss('tests')
    const { total, agents } = await shop.cost()
    expect(total.costUsd).toBe(0.5)
    expect(agents.map(({ name, costUsd }) => [name, costUsd])).toEqual([
      ['impl', 0.25],
      ['tests', 0.25],
    ])
  })

  test('an unknown cost is charged as assumed, and never shown as 0', async () => {
    const { shop } = await openTeam({ reply: 'free?' })
    const reply = await shop.ask('impl', 'one')
    expect(reply).toMatchObject({ cost: 0.5, costSource: 'assumed' })
    expect((await shop.cost()).total).toMatchObject({ costUsd: 0.5, assumedUsd: 0.5, assumedTurns: 1 })
  })

  test('over the global limit the next ask is refused as budget_exceeded', async () => {
    const { shop, backend } = await openTeam({ costUsd: 0.6 })
    shop.configure({ maxCostUsd: 1 })
    await shop.ask('impl', 'one')
    await expect(shop.ask('reviewer', 'two')).rejects.toMatchObject({
      code: 'budget_exceeded',
      details: { scope: 'global' },
    })
    expect(backend.turns).toBe(1)
    expect(await shop.budget()).toMatchObject({
      limitUsd: 1,
      usedUsd: 0.6,
      reservedUsd: 0,
      remainingUsd: 0.4,
    })
  })

  test('an agent has a limit of its own, and others go on', async () => {
    const { shop } = await openTeam({ costUsd: 0.6 })
    shop.agent('cheap', 'Cheap.', { maxCostUsd: 0.5 })
    await shop.ask('cheap', 'one').catch(() => {})
    await expect(shop.ask('cheap', 'two')).rejects.toMatchObject({
      code: 'budget_exceeded',
      details: { scope: 'agent:cheap' },
    })
    expect((await shop.ask('impl', 'three')).text).toBe('impl: three')
  })

  test('running turns set aside what they may cost, so that no two spend the same money', async () => {
    const { shop, backend, clock } = await openTeam({
      steps: [{ delay: 100 }, { cost: 0.2 }, { say: 'done' }],
    })
    await shop.setBudget(1)
    const asked = ['impl', 'reviewer', 'tests'].map((agent) =>
      shop.ask(agent, 'work').catch((error: unknown) => (error as AtelierError).code),
    )
    await clock.tick()
    expect(await shop.budget()).toMatchObject({ reservedUsd: 1, remainingUsd: 0 })
    await clock.advance(100)
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((outcome) => outcome === 'budget_exceeded')).toHaveLength(1)
    expect(backend.turns).toBe(2)
    expect(await shop.budget()).toMatchObject({ usedUsd: 0.4, reservedUsd: 0, remainingUsd: 0.6 })
  })

  test('after some turns the reservation follows what turns of the profile have cost', async () => {
    const { shop } = await openTeam({ costUsd: 0.1 })
    shop.profile('coder', 'Codes.')
    shop.agent('c1', { profile: 'coder' })
    shop.agent('c2', { profile: 'coder' })
    await shop.setBudget(0.75)
    for (let n = 0; n < 3; n++) await shop.ask('c1', 'work')
    await shop.ask('c2', 'work')
    expect(await shop.totalCost()).toBe(0.4)
  })

  test('a reset budget counts anew, and the bill stays', async () => {
    const { shop } = await openTeam({ costUsd: 0.6 })
    await shop.setBudget(1)
    await shop.ask('impl', 'one')
    await shop.resetBudget()
    await shop.ask('impl', 'two')
    expect(await shop.budget()).toMatchObject({ usedUsd: 0.6 })
    expect(await shop.totalCost()).toBe(1.2)
  })
})
