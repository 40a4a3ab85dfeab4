import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { attemptBranch, namePart } from './branch-name.ts'

describe('the branch name of an attempt (B38)', () => {
  it.each([
    ['auth', 'auth'],
    ['Add a cache!', 'Add-a-cache'],
    ['../../etc', 'etc'],
    ['résumé 日本', 'resume'],
    ['日本', 'item'],
    ['a..b.lock', 'a.b-lock'],
    ['-x-', 'x'],
    ['x'.repeat(100), 'x'.repeat(40)],
    ['implement#2', 'implement-2'],
  ])('of the item %j has %j', (item, part) => {
    expect(namePart(item)).toBe(part)
  })

  it('is the item and the end of the attempt', () => {
    expect(attemptBranch('auth', 'att_0123456789abcdef', [])).toBe('atelier/auth/89abcdef')
  })

  it.each([
    [['atelier/auth/89abcdef'], 'atelier/auth-2/89abcdef'],
    [['atelier/AUTH/89ABCDEF'], 'atelier/auth-2/89abcdef'],
    [['atelier/auth'], 'atelier/auth-2/89abcdef'],
    // Results for the branch `auth` wait on `atelier/auth`.
    [['auth'], 'atelier/auth-2/89abcdef'],
    [['atelier/auth/89abcdef/below'], 'atelier/auth-2/89abcdef'],
    [['atelier/auth', 'atelier/auth-2/89abcdef'], 'atelier/auth-3/89abcdef'],
    [['atelier'], 'atelier-auth/89abcdef'],
    [['atelier', 'atelier-auth'], 'atelier-auth-2/89abcdef'],
    [['other/auth', 'atelier/authority/1'], 'atelier/auth/89abcdef'],
  ])('beside %j is %s', (branches, name) => {
    expect(attemptBranch('auth', 'att_0123456789abcdef', branches)).toBe(name)
  })

  it('never is the name of another branch, nor above or below one', () => {
    const part = fc.constantFrom('atelier', 'auth', 'auth-2', 'x1', 'main')
    const branch = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.array(branch, { maxLength: 12 }), (branches) => {
        const name = attemptBranch('auth', 'x1', branches)
        const inTheWay = branches.filter(
          (other) => other === name || other.startsWith(`${name}/`) || name.startsWith(`${other}/`),
        )
        expect(inTheWay).toEqual([])
      }),
    )
  })
})
