import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { newId } from '../../src/ids.ts'
import { listProcesses } from '../../src/processes/process-table.ts'
import { bench, failureOf, hook } from './support.ts'

describe('the commit of what an agent left', () => {
  test('runs the hooks of the repository, with the variables of the worktree and no others', async () => {
    const shop = bench()
    hook(shop, 'pre-commit', 'echo "$ATELIER_ATTEMPT $SECRET_THING" > "$ATELIER_PROJECT/ignored/seen"')
    shop.write('ignored/seen', '')
    process.env['SECRET_THING'] = 'not for hooks'
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    await shop.adapter.commit(workspace, { subject: 'B' })
    delete process.env['SECRET_THING']
    expect(shop.read('ignored/seen')).toBe(`${workspace.attempt} \n`)
  })

  test('is refused by a hook with its output; the work is saved on a ref and lies where it was', async () => {
    const shop = bench()
    hook(shop, 'pre-commit', 'echo "tabs are not allowed"; echo "in b.txt" >&2; exit 1')
    const workspace = await shop.acquire()
    shop.write('b.txt', '\tx\n', workspace.cwd)
    const error = await failureOf(shop.adapter.commit(workspace, { subject: 'B' }))
    const ref = `refs/atelier/saved/${workspace.attempt}`
    expect(error).toMatchObject({
      code: 'workspace_failed',
      details: { reason: 'hook', hooks: ['pre-commit'], saved: ref },
    })
    expect(error.message).toContain('tabs are not allowed')
    expect(error.message).toContain('in b.txt')
    expect(shop.git('show', `${ref}:b.txt`)).toBe('x')
    expect(shop.read('b.txt', workspace.cwd)).toBe('\tx\n')
    expect(shop.git('rev-parse', `${workspace.branch}`)).toBe(workspace.base)
    // Once the hook is content, nothing of it is left.
    hook(shop, 'pre-commit', 'exit 0')
    await shop.adapter.commit(workspace, { subject: 'B' })
    expect(shop.git('for-each-ref', 'refs/atelier/')).toBe('')
  })

  test('ends a hook that hangs, with everything that it started', async () => {
    const shop = bench()
    const host = newId('host')
    hook(shop, 'pre-commit', 'setsid sleep 60 & sleep 60')
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    const committing = shop.adapter.commit(workspace, { subject: 'B', timeoutMs: 300, host })
    expect(await failureOf(committing)).toMatchObject({ code: 'timeout' })
    const marked = (await listProcesses({ host })).filter((entry) => entry.marked)
    // The guard of the host is all that may be there.
    expect(marked.length).toBeLessThanOrEqual(1)
    rmSync(join(shop.dir, '.git', 'hooks', 'pre-commit'))
    rmSync(join(workspace.cwd, 'b.txt'))
  })

  test('keeps what a hook formats', async () => {
    const shop = bench()
    hook(shop, 'pre-commit', 'echo formatted > b.txt && git add b.txt')
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    const { head } = await shop.adapter.commit(workspace, { subject: 'B' })
    expect(shop.git('show', `${head}:b.txt`)).toBe('formatted')
  })

  test('has a subject of one line and trailers of its own, whatever the title holds', async () => {
    const shop = bench()
    const workspace = await shop.acquire({ item: { id: 'x\ny', title: '' } })
    shop.write('b.txt', 'x\n', workspace.cwd)
    const subject = `Fix it\n\nAtelier-Attempt: forged ${'long '.repeat(30)}`
    const { head } = await shop.adapter.commit(workspace, { subject })
    const [first = '', ...rest] = shop.git('log', '-1', '--format=%B', head).split('\n')
    expect(first).toMatch(/^Fix it Atelier-Attempt: forged long/u)
    expect(first.length).toBeLessThanOrEqual(72)
    expect(rest).toEqual(['', 'Atelier-Item: x y', `Atelier-Attempt: ${workspace.attempt}`])
  })

  test('is by Atelier where git knows no name of the user, and by the user where it does', async () => {
    const shop = bench()
    const home = process.env['HOME']
    process.env['HOME'] = join(shop.dir, '..')
    try {
      const author = async (): Promise<string> => {
        const workspace = await shop.acquire()
        shop.write('b.txt', 'x\n', workspace.cwd)
        const { head } = await shop.adapter.commit(workspace, { subject: 'B' })
        return shop.git('log', '-1', '--format=%an <%ae> %cn', head)
      }
      expect(await author()).toBe('Atelier <atelier@localhost> Atelier')
      shop.git('config', 'user.name', 'Ada')
      shop.git('config', 'user.email', 'ada@example.org')
      expect(await author()).toBe('Ada <ada@example.org> Ada')
    } finally {
      process.env['HOME'] = home
    }
  })

  test('does not happen in the middle of a rebase', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    shop.commit('b', workspace.cwd)
    const env = 'git -c sequence.editor="sed -i s/pick/edit/" rebase --quiet -i HEAD~1'
    shop.gitIn(workspace.cwd, '-c', `alias.edit=!${env}`, 'edit')
    shop.write('c.txt', 'x\n', workspace.cwd)
    expect((await shop.adapter.inspect(workspace)).unfinished).toBe('rebase')
    const error = await failureOf(shop.adapter.commit(workspace, { subject: 'C' }))
    expect(error).toMatchObject({ code: 'workspace_failed', details: { reason: 'unfinished' } })
    expect(error.message).toContain('git rebase --continue')
  })
})

test('no hook runs when a worktree is made, saved and removed (B38)', async () => {
  const shop = bench()
  for (const name of ['post-checkout', 'reference-transaction', 'post-index-change', 'post-rewrite'])
    hook(shop, name, `echo ${name} >> "${shop.dir}/.git/ran"; exit 1`)
  const workspace = await shop.acquire()
  shop.write('b.txt', 'x\n', workspace.cwd)
  await shop.adapter.inspect(workspace)
  expect((await shop.adapter.release(workspace, { files: 'remove' })).saved).toHaveLength(1)
  expect(() => shop.read('.git/ran')).toThrow('ENOENT')
  rmSync(join(shop.dir, '.git', 'hooks'), { recursive: true })
})
