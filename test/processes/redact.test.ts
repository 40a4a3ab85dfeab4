import { expect, test } from 'vitest'

import { redactJson, redactor } from '../../src/processes/redact.ts'

const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkq',
  'hkiG9w0BAQEFAASC',
  '-----END PRIVATE KEY-----',
].join('\n')

const redact = redactor(
  {
    DEPLOY_KEY: KEY,
    MY_API_TOKEN: 'correct-horse',
    DB_PASSWORD: 'pa$$w(or)d+1',
    SHORT_KEY: 'none',
    HOME: '/home/someone',
  },
  { VENDOR_SECRET: 'correct-horse-battery', QUOTED_SECRET: 'with "quotes" in it', EMPTY_TOKEN: undefined },
)

test.each([
  ['a value of a secret variable', 'token correct-horse!', 'token [redacted]!'],
  ['the longer of two that begin alike', 'correct-horse-battery staple', '[redacted] staple'],
  ['a value that is no pattern', 'psql: pa$$w(or)d+1 rejected', 'psql: [redacted] rejected'],
  ['one line of a value of several', 'read MIIEvQIBADANBgkq', 'read [redacted]'],
  ['a value inside of JSON', JSON.stringify({ a: 'with "quotes" in it' }), '{"a":"[redacted]"}'],
  ['an OpenAI or Anthropic key', 'key=sk-ant-api03-Abc_def-0123456789', 'key=[redacted]'],
  ['a GitHub token', 'ghp_0123456789abcdefABCDEF0123456789abcd', '[redacted]'],
  ['a fine-grained GitHub token', 'github_pat_11ABCDEFG0123456789_abcdef', '[redacted]'],
  ['a Slack token', 'xoxb-1234567890-abcdefghij', '[redacted]'],
  ['an Amazon key id', 'AKIAIOSFODNN7EXAMPLE.', '[redacted].'],
  ['a bearer header', 'Authorization: Bearer abc123def456ghi789', 'Authorization: Bearer [redacted]'],
  [
    'a password in an address',
    'https://me:hunter22@example.org/x.git',
    'https://me:[redacted]@example.org/x.git',
  ],
  ['a JSON web token', 'eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2', '[redacted]'],
  ['a private key', KEY.replaceAll('M', 'N'), '[redacted]'],
])('%s is masked', (_what, text, clean) => {
  expect(redact(text)).toBe(clean)
})

test.each([
  'none of /home/someone is secret',
  'task-implementation-of-something-long',
  'sk-learn-is-a-library-for-python',
  'the bearer authenticationmiddleware checks',
  'see https://example.org:8080/path@v1 and git@github.com:me/it.git',
])('ordinary text stays: %s', (text) => {
  expect(redact(text)).toBe(text)
})

test('a redactor without secrets still knows the shapes', () => {
  expect(redactor({})('a ghp_0123456789abcdefABCDEF0123456789abcd b')).toBe('a [redacted] b')
})

test('every text of a JSON value is masked', () => {
  const value = { a: ['correct-horse', 1, null, true], b: { c: 'is correct-horse' } }
  expect(redactJson(value, redact)).toEqual({ a: ['[redacted]', 1, null, true], b: { c: 'is [redacted]' } })
})
