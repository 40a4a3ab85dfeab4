import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { overlap } from './touches.ts'

describe('items overlap', () => {
  it.each([
    ['src/auth.ts', 'src/auth.ts'],
    ['src/auth.ts', './src//auth.ts'],
    ['src/', 'src/deep/auth.ts'],
    ['src/auth', 'src/auth/login.ts'],
    ['src/**', 'src/auth.ts'],
    ['**/*.ts', 'src/auth/login.ts'],
    ['**', 'README.md'],
    ['.', 'README.md'],
    ['src/*/index.ts', 'src/auth/*.ts'],
    ['a*c', '*b*'],
    ['src/?.ts', 'src/a.ts'],
    ['src/?.ts', 'src/😀.ts'],
    ['docs/**/a/**/b', 'docs/x/a/y/z/b'],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
  ])('where %s and %s may be the same file', (a, b) => {
    expect([overlap([a], [b]), overlap([b], [a])]).toEqual([true, true])
  })

  it.each([
    ['src/auth.ts', 'src/author.ts'],
    ['src/auth.ts', 'src/Auth.ts'],
    ['src/', 'srcs/auth.ts'],
    ['src/*', 'src/deep/auth.ts'],
    ['*.ts', 'src/auth.ts'],
    ['*.ts', '*.js'],
    ['src/?.ts', 'src/ab.ts'],
    ['src/a*b', 'src/b*a'],
    ['docs/**/a', 'src/**/a'],
  ])('but not where %s and %s are never', (a, b) => {
    expect([overlap([a], [b]), overlap([b], [a])]).toEqual([false, false])
  })

  it('where any of their globs do, and not where one names none', () => {
    expect(overlap(['a', 'b/c'], ['x', 'b/*'])).toBe(true)
    expect(overlap([], ['**'])).toBe(false)
  })

  it('exactly where some path of a small world matches both', () => {
    const names = ['', 'a', 'b', 'aa', 'ab', 'ba', 'bb', 'aab', 'abab']
    const paths = names.flatMap((x) =>
      names.flatMap((y) => names.map((z) => [x, y, z].filter((part) => part !== ''))),
    )
    const segment = fc.constantFrom('a', 'b', 'ab', '*', '?', 'a*', '*b', '?b', '*a*', '**')
    // What ends in a wildcard has no more below it, so that three levels show everything.
    const glob = fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .filter((parts) => /[*?]/u.test(parts.at(-1) ?? ''))
      .filter((parts) => parts.filter((part) => part !== '**').length <= 2)
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        const [left, right] = [patternOf(a), patternOf(b)]
        const meets = paths.some((path) => left.test(path.join('/')) && right.test(path.join('/')))
        // A match found by trial is one; the other way round three short levels may be too few to find it.
        const isSmall = [...a, ...b].every((part) => part !== '**')
        const isTold = overlap([a.join('/')], [b.join('/')])
        expect(isTold).toBe(meet(a, b))
        expect(isSmall || meets ? isTold : meets).toBe(meets)
      }),
      { numRuns: 2000 },
    )
  })

  it('is told in a moment, also of globs with many stars', () => {
    const stars = `${'*a'.repeat(200)}*b`
    const folders = `${'**/a/'.repeat(200)}*`
    expect(overlap([stars], ['a'.repeat(400)])).toBe(false)
    expect(overlap([stars], [`${'a*'.repeat(200)}c`])).toBe(false)
    expect(overlap([folders], [`${'**/b/'.repeat(200)}c`])).toBe(true)
    expect(overlap([`${folders}x`], [`${'a/'.repeat(300)}?y`])).toBe(false)
  })
})

/** A glob as a regular expression over paths without a slash at their ends. */
function patternOf(segments: readonly string[]): RegExp {
  const source = segments
    .map((segment) =>
      segment === '**'
        ? '(?:/[^/]+)*'
        : `/${segment.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}`.replace('/[^/]*', '/(?=[^/])[^/]*'),
    )
    .join('')
  const pattern = new RegExp(`^${source}$`, 'u')
  return { test: (path: string) => pattern.test(path === '' ? '' : `/${path}`) } as RegExp
}

/** The definition itself, with every way tried: exponential in the number of stars. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  return meetBy(a, b, '**', (x, y) =>
    meetBy(Array.from(x), Array.from(y), '*', (p, q) => p === q || p === '?' || q === '?'),
  )
}

function meetBy(
  a: readonly string[],
  b: readonly string[],
  star: string,
  fit: (x: string, y: string) => boolean,
): boolean {
  const [x, ...restA] = a
  const [y, ...restB] = b
  if (x === undefined || y === undefined) return [...a, ...b].every((part) => part === star)
  if (x === star) return meetBy(restA, b, star, fit) || meetBy(a, restB, star, fit)
  if (y === star) return meetBy(a, restB, star, fit) || meetBy(restA, b, star, fit)
  return fit(x, y) && meetBy(restA, restB, star, fit)
}
