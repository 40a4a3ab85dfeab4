/** The program `atelier`. */
import { runCli } from './cli.ts'
import type { Openers } from './session.ts'
import { processTerminal } from './terminal.ts'

/** Loaded when a command needs it; how much, the composition root decides. */
const open: Openers = {
  views: async (options) => (await import('../workshop.ts')).openViews(options),
  workshop: async (options) => (await import('../workshop.ts')).openWorkshop(options),
  findFolder: async (from) => (await import('../folders.ts')).findProjectFolder(from),
  trust: async (dir) => (await import('../workshop.ts')).trustFolder(dir),
  endLeftovers: async () => (await import('../host-parts.ts')).endLeftovers(),
}

const unread = new AbortController()
const terminal = processTerminal(() => unread.abort())
process.exitCode = await runCli(process.argv.slice(2), { terminal, open, unread: unread.signal })
