import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Real-agent tests have a package.json and a runner of their own.
    exclude: ['test/real-agents/**', '**/node_modules/**'],
    globalSetup: 'test/state-home.ts',
    testTimeout: 30_000,
    // Nothing is asserted about time: on a machine whose disk is busy, what is waited for may take seconds to come.
    expect: { poll: { timeout: 25_000 } },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Decisions are pure, so every branch of them can be reached from a test.
      thresholds: {
        'src/{board,agents,money,knowledge,inbox,workflow,patterns}/**': { 100: true },
      },
      reporter: [['text', { skipFull: true }]],
    },
  },
})

export default config
