import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    globalSetup: '../state-home.ts',
    // Each agent takes a processor for a second: more at once are slower, and time out.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
})

export default config
