import { describe, expect, it } from 'vitest'
import type { InboxView } from '../../src/team/view-types.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { cli, containing, matching, run, start, temporaryFolder } from '../cli/support.ts'

/** What impl asks in a folder; gives the requests by their question. */
async function asked(
  dir: string,
  ...requests: readonly (readonly [
    string,
    Parameters<Awaited<ReturnType<typeof openWorkshop>>['request']>[1],
  ])[]
): Promise<InboxView[]> {
  const shop = await openWorkshop({ dir, config: false, host: 'none', actor: 'impl' })
  await shop.work('deploy', 'Deploy it to production')
  const views: InboxView[] = []
  for (const [question, options] of requests) views.push(await shop.request(question, options))
  await shop.close()
  return views
}

const short = ({ id }: InboxView): string => id.slice('ask_'.length, 'ask_'.length + 4)

describe('atelier inbox', () => {
  it('shows who asks, about what, how long it waits and when the default is taken, within 80 columns', async () => {
    const dir = temporaryFolder()
    const [approval, question] = await asked(
      dir,
      [
        `Deploy to production? ${'It changes the schema of the largest table. '.repeat(12)}`,
        {
          kind: 'approval',
          item: 'deploy',
          hold: true,
          deadline: '2h',
          default: 'reject',
          details: { commit: 'abc' },
        },
      ],
      ['Which database?', { options: ['postgres', 'sqlite'], whoMayAnswer: ['lead'] }],
    )
    const { status, out, err } = await cli(['inbox', '--dir', dir], { columns: 80 })
    expect(status).toBe(0)
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    const [first = '', second = ''] = out.split('\n\n')
    expect(first).toMatch(
      new RegExp(`^${short(approval!)}  approval from impl about item deploy, waits \\d+ ms\n`, 'u'),
    )
    expect(first).toContain('\n  … 4 more lines: --json shows all\n')
    expect(first).toContain('\n  item: Deploy it to production\n  {"commit":"abc"}\n')
    expect(first).toMatch(/\n {2}answers: approve, reject\n {2}takes "reject" in (?:1 h 59|2 h 0) m$/u)
    expect(second).toMatch(new RegExp(`^${short(question!)}  question from impl, waits \\d+ ms\n`, 'u'))
    expect(second).toContain('\n  Which database?\n  answers: postgres, sqlite\n  for lead to answer\n')
    expect(err).toContain(`atelier approve ${short(approval!)}`)
  })

  it('gives --json whole, says that nothing waits, and shows with --all what became of it', async () => {
    const dir = temporaryFolder()
    expect(await cli(['inbox', '--dir', dir])).toMatchObject({
      out: '',
      err: 'Nothing waits for an answer.\n',
    })
    const [approval] = await asked(dir, ['Deploy?', { kind: 'approval' }])
    const json = await cli(['inbox', '--json', '--dir', dir])
    expect(JSON.parse(json.out)).toEqual([approval])
    expect(await cli(['approve', short(approval!), 'Looks', 'good', '--dir', dir])).toMatchObject({
      status: 0,
      err: matching(
        new RegExp(`^The approval ${approval!.id} is answered "approve" by .+: Looks good.\n$`, 'u'),
      ),
    })
    expect((await cli(['inbox', '--dir', dir])).out).toBe('')
    expect(await cli(['inbox', '--kind', 'question', '--dir', dir])).toMatchObject({
      err: 'No such requests.\n',
    })
    const all = await cli(['inbox', '--all', '--dir', dir])
    expect(all.out).toMatch(
      /approval from impl, answered after \d+ ms\n {2}Deploy\?\n {2}is answered "approve"/u,
    )
  })

  it('shows a question of an agent without what would command the terminal', async () => {
    const dir = temporaryFolder()
    await asked(dir, ['Which\u001B[2J one?\u001B]0;title\u0007', {}])
    const { out } = await cli(['inbox', '--dir', dir], { columns: 80 })
    expect(out).toContain('\n  Which one?\n')
  })
})

it('atelier status says how many wait', async () => {
  const dir = temporaryFolder()
  await asked(dir, ['Deploy?', { kind: 'approval' }], ['Which?', {}], ['Why?', {}])
  const { out } = await cli(['status', '--dir', dir])
  expect(out).toContain('2 questions and 1 approval wait for you: atelier inbox\n')
  const one = temporaryFolder()
  await asked(one, ['Which?', {}])
  expect((await cli(['status', '--dir', one])).out).toContain('1 question waits for you: atelier inbox\n')
})

describe('answering on a command line', () => {
  it('answers, and rejects with a reason that the item fails with', async () => {
    const dir = temporaryFolder()
    const [question, approval] = await asked(
      dir,
      ['Which?', {}],
      ['Deploy?', { kind: 'approval', item: 'deploy', hold: true }],
    )
    const json = await cli(['answer', short(question!), 'the', 'first', '--json', '--dir', dir])
    expect(JSON.parse(json.out)).toMatchObject({ answer: 'the first', answeredVia: 'cli' })
    expect(await cli(['reject', short(approval!), 'No way back', '--dir', dir])).toMatchObject({ status: 0 })
    const item = await cli(['work', 'show', 'deploy', '--json', '--dir', dir])
    expect(JSON.parse(item.out)).toMatchObject({ status: 'failed', error: { code: 'gate_rejected' } })
  })

  it('is refused with what to do instead', async () => {
    const dir = temporaryFolder()
    const [question] = await asked(dir, ['Which?', { options: ['a', 'b'] }])
    const id = short(question!)
    expect(await cli(['answer', id, 'c', '--dir', dir])).toMatchObject({
      status: 2,
      err: containing('which takes "a" or "b"'),
    })
    expect(await cli(['approve', 'nothing', '--dir', dir])).toMatchObject({
      status: 1,
      err: containing('There is no request "nothing"'),
    })
    expect(await cli(['reject', id, '--dir', dir])).toMatchObject({ status: 2 })
    expect(await cli(['withdraw', id, '--dir', dir])).toMatchObject({ status: 0 })
    expect(await cli(['answer', id, 'a', '--dir', dir])).toMatchObject({
      status: 1,
      err: containing('was withdrawn'),
    })
  })
})

describe('atelier request', () => {
  it('waits for the answer, and prints nothing else', async () => {
    const dir = temporaryFolder()
    const waiting = start(['request', 'Which one?', '--wait'], { dir })
    const id = await expect
      .poll(
        async () => (JSON.parse((await cli(['inbox', '--json', '--dir', dir])).out) as InboxView[])[0]?.id,
        {
          timeout: 20_000,
        },
      )
      .toBeDefined()
      .then(
        async () => (JSON.parse((await cli(['inbox', '--json', '--dir', dir])).out) as InboxView[])[0]!.id,
      )
    await run(['answer', id, 'the', 'first'], { dir })
    expect(await waiting.ended).toMatchObject({ status: 0, out: 'the first\n' })
  })

  it('takes the default at its deadline, and ends with status 3 where that is a rejection', async () => {
    const dir = temporaryFolder()
    const words = ['request', 'Go on?', '--kind', 'approval', '--deadline', '50ms', '--wait']
    expect(await run([...words, '--default', 'approve'], { dir })).toMatchObject({
      status: 0,
      out: 'approve\n',
    })
    expect(await run([...words, '--default', 'reject'], { dir })).toMatchObject({
      status: 3,
      out: 'reject\n',
    })
    expect(await run(words, { dir })).toMatchObject({
      status: 3,
      out: '',
      err: containing('not answered in time'),
    })
  })

  it('prints the id where it does not wait', async () => {
    const dir = temporaryFolder()
    const { out, err } = await cli(['request', 'Which one?', '--dir', dir])
    expect(out).toMatch(/^ask_[0-9a-z]{16}\n$/u)
    expect(err).toContain(`atelier answer ${out.trim()} TEXT`)
  })
})
