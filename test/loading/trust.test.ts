import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assertTrusted, isTrusted, trust, trustFile, type Environment } from '../../src/loading/trust.ts'
import { folderWith, refusal } from './files.ts'

/** A user who trusts nothing yet. */
function newUser(): Environment {
  return { XDG_CONFIG_HOME: join(folderWith(), 'config') }
}

function projectWith(...folders: readonly string[]): string {
  const dir = folderWith({ 'atelier.config.yaml': 'model: x\n' })
  for (const folder of folders) mkdirSync(join(dir, folder), { recursive: true })
  return dir
}

describe('trustFile', () => {
  it('is in the configuration folder of the user', () => {
    expect(trustFile({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/atelier/trusted.json')
    expect(trustFile({ HOME: '/h' })).toBe('/h/.config/atelier/trusted.json')
    expect(trustFile({ XDG_CONFIG_HOME: 'relative', HOME: '/h' })).toBe('/h/.config/atelier/trusted.json')
    expect(trustFile({ XDG_CONFIG_HOME: '', HOME: 'relative' })).toMatch(
      /^\/.*\.config\/atelier\/trusted\.json$/u,
    )
  })
})

describe('isTrusted', () => {
  it('is false until the user trusts the folder, and remembers it', () => {
    const user = newUser()
    const dir = projectWith()
    expect(isTrusted(dir, user)).toBe(false)
    expect(trust(dir, user)).toBe(dir)
    expect(isTrusted(dir, user)).toBe(true)
    expect(isTrusted(dir, newUser())).toBe(false)
  })

  it('holds for subfolders, not for the folder around or one whose name begins alike', () => {
    const user = newUser()
    const dir = projectWith('a/packages/b', 'a-other', 'a/..b')
    trust(join(dir, 'a'), user)
    expect(isTrusted(join(dir, 'a/packages/b'), user)).toBe(true)
    expect(isTrusted(join(dir, 'a/..b'), user)).toBe(true)
    expect(isTrusted(dir, user)).toBe(false)
    expect(isTrusted(join(dir, 'a-other'), user)).toBe(false)
  })

  it("never holds for an agent's worktree because the project is trusted", () => {
    const user = newUser()
    const worktree = '.atelier/state/worktrees/impl'
    const dir = projectWith(
      `${worktree}/src`,
      `nested/${worktree}`,
      '.atelier/workflows',
      '.atelier/statement',
    )
    trust(dir, user)
    for (const folder of ['.atelier/state', worktree, `${worktree}/src`, `nested/${worktree}`]) {
      expect(isTrusted(join(dir, folder), user)).toBe(false)
      expect(isTrusted(join(dir, folder), { ...user, ATELIER_TRUST: '1' })).toBe(false)
    }
    expect(isTrusted(join(dir, '.atelier/workflows'), user)).toBe(true)
    expect(isTrusted(join(dir, '.atelier/statement'), user)).toBe(true)
    trust(join(dir, worktree), user)
    expect(isTrusted(join(dir, worktree), user)).toBe(true)
    expect(isTrusted(join(dir, worktree, 'src'), user)).toBe(true)
  })

  it('goes by the real folder: a link neither gains nor loses trust', () => {
    const user = newUser()
    const dir = projectWith('trusted', 'other')
    trust(join(dir, 'trusted'), user)
    symlinkSync(join(dir, 'other'), join(dir, 'trusted/link'))
    symlinkSync(join(dir, 'trusted'), join(dir, 'to-trusted'))
    expect(isTrusted(join(dir, 'trusted/link'), user)).toBe(false)
    expect(isTrusted(join(dir, 'to-trusted'), user)).toBe(true)
    expect(trust(join(dir, 'to-trusted'), user)).toBe(join(dir, 'trusted'))
  })

  it('is true with ATELIER_TRUST=1, and with no other value', () => {
    const dir = projectWith()
    expect(isTrusted(dir, { ...newUser(), ATELIER_TRUST: '1' })).toBe(true)
    expect(isTrusted(dir, { ...newUser(), ATELIER_TRUST: '0' })).toBe(false)
    expect(isTrusted(dir, { ...newUser(), ATELIER_TRUST: 'true' })).toBe(false)
    expect(isTrusted(join(dir, 'missing'), { ...newUser(), ATELIER_TRUST: '1' })).toBe(false)
  })

  it('takes no relative folder from the list for a real one', () => {
    const user = newUser()
    mkdirSync(dirname(trustFile(user)), { recursive: true })
    writeFileSync(trustFile(user), JSON.stringify({ folders: ['', '.', '..'] }))
    expect(isTrusted(process.cwd(), user)).toBe(false)
  })

  it.each(['', '{', '[]', 'null', '{"folders": 5}', '{"folders": [5, null, "relative", ""]}', '\0'])(
    'is false with a damaged list (%#), which trusting replaces',
    (text) => {
      const user = newUser()
      const dir = projectWith()
      mkdirSync(dirname(trustFile(user)), { recursive: true })
      writeFileSync(trustFile(user), text)
      expect(isTrusted(dir, user)).toBe(false)
      trust(dir, user)
      expect(isTrusted(dir, user)).toBe(true)
    },
  )
})

describe('trust', () => {
  it("writes a file that is the user's alone, and leaves nothing beside it", () => {
    const user = newUser()
    const [first, second] = [projectWith(), projectWith()]
    trust(second, user)
    trust(first, user)
    trust(first, user)
    const file = trustFile(user)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      version: 1,
      folders: [first, second].toSorted(),
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(file))).toEqual(['trusted.json'])
  })

  it('refuses a folder that is not there', async () => {
    const user = newUser()
    const error = await refusal(() => trust('/no/such/folder', user))
    expect(error.code).toBe('not_found')
    expect(error.message).toContain('/no/such/folder')
    expect(existsSync(trustFile(user))).toBe(false)
  })

  it('says which file it cannot write', async () => {
    const dir = folderWith({ config: 'not a folder' })
    const user = { XDG_CONFIG_HOME: join(dir, 'config') }
    const error = await refusal(() => trust(dir, user))
    expect(error.code).toBe('store_unwritable')
    expect(error.message).toContain(trustFile(user))
  })

  it('leaves nothing behind if the list cannot be replaced', async () => {
    const user = newUser()
    mkdirSync(join(trustFile(user), 'a folder in its place'), { recursive: true })
    expect((await refusal(() => trust(projectWith(), user))).code).toBe('store_unwritable')
    expect(readdirSync(dirname(trustFile(user)))).toEqual(['trusted.json'])
  })
})

describe('assertTrusted', () => {
  it('names the file, says to read it first, and then how to trust it', async () => {
    const dir = projectWith()
    const file = join(dir, 'atelier.config.yaml')
    const error = await refusal(() => assertTrusted(dir, newUser()))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toBe(
      `${file} was not loaded: a configuration can run commands on this machine, and ${dir} is not trusted yet. ` +
        'Read the file first. If it does only what you want, run `atelier trust` in that folder; in CI, set ATELIER_TRUST=1.',
    )
    expect(error.details).toEqual({ file, folder: dir, reason: 'untrusted' })
  })

  it('lets a trusted folder pass, and one without a configuration', () => {
    const user = newUser()
    const dir = projectWith()
    trust(dir, user)
    expect(() => assertTrusted(dir, user)).not.toThrow()
    expect(() => assertTrusted(folderWith(), user)).not.toThrow()
  })
})
