#!/usr/bin/env node
// Starts the CLI. Plain JavaScript that Node 18 can parse, so that an older Node gets an answer and not a stack
// trace; and it imports next to nothing, because every `atelier status` waits for it.
import { existsSync } from 'node:fs'
import * as module from 'node:module'

const NEEDED = [22, 18]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  module.enableCompileCache()
  const built = new URL('../dist/cli/main.js', import.meta.url)
  await import(existsSync(built) ? built.href : new URL('../src/cli/main.ts', import.meta.url).href)
} else {
  const { runOnOwnNode } = await import('./own-node.js')
  runOnOwnNode(NEEDED)
}
