import { expect, test } from 'vitest'

import { childEnvironment } from '../../src/processes/environment.ts'

const FROM = {
  PATH: '/bin',
  HOME: '/home/me',
  LC_ALL: 'C.UTF-8',
  XDG_CONFIG_HOME: '/home/me/.config',
  TERM: 'xterm-256color',
  GITHUB_TOKEN: 'ghp_secret',
  ANTHROPIC_API_KEY: 'sk-secret',
  NODE_OPTIONS: '--inspect',
  GIT_DIR: '/elsewhere',
  ATELIER_TURN: 'turn_outer',
  UNSET: undefined,
}

test('a child gets what every program needs, and nothing else', () => {
  expect(childEnvironment({ from: FROM })).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    LC_ALL: 'C.UTF-8',
    XDG_CONFIG_HOME: '/home/me/.config',
    TERM: 'dumb',
  })
})

test('a child gets what was named or set beyond it', () => {
  const environment = childEnvironment({
    from: FROM,
    pass: ['ANTHROPIC_API_KEY', 'UNSET', 'ABSENT'],
    set: { PORT: '4000', PATH: '/opt/bin' },
  })
  expect(environment).toMatchObject({ ANTHROPIC_API_KEY: 'sk-secret', PORT: '4000', PATH: '/opt/bin' })
  expect(Object.keys(environment)).not.toContain('ABSENT')
  expect(Object.keys(environment)).not.toContain('UNSET')
  expect(Object.keys(environment)).not.toContain('GITHUB_TOKEN')
})

test('no setting hides a child from the sweep', () => {
  const environment = childEnvironment({
    from: FROM,
    pass: ['ATELIER_TURN'],
    set: { ATELIER_TURN: 'turn_other', ATELIER_HOST: 'none' },
    markers: { turn: 'turn_mine', host: 'host_mine' },
  })
  expect(environment).toMatchObject({ ATELIER_TURN: 'turn_mine', ATELIER_HOST: 'host_mine' })
})
