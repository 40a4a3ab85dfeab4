import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mounts()

function mounts(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A real file system that is soon full. */
async function smallDisk(): Promise<string> {
  const dir = await temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dir])
  onTestFinished(() => void execFileSync('umount', ['-l', dir]))
  return dir
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch {
    closeSync(file)
  }
}

test.skipIf(!canMount)(
  'an answer that finds the disk full is stored when there is room again; until then calls say disk_full (needs root to mount a small disk)',
  async () => {
    const dir = await smallDisk()
    const filler = join(dir, 'filler')
    const errors: unknown[] = []
    const shop = await openWorkshop({
      dir,
      config: false,
      onError: (error) => errors.push(error),
      backends: [
        scriptedBackend({
          script: {
            rules: [
              {
                match: 'long',
                reply: () => {
                  fill(filler)
                  return 'x'.repeat(200_000)
                },
              },
            ],
            reply: 'short',
          },
        }),
      ],
    })
    shop.configure({ backend: 'scripted' })
    shop.agent('impl', 'Implements.')
    shop.agent('other', 'Waits.')
    const answered = new Promise<void>((resolve) => {
      shop.onActivity((_turn, event) => event.t === 'end' && resolve())
    })
    const before = Date.now()
    const long = shop.ask('impl', 'long')
    await answered
    // Calls are decided in order: when this one has failed, the answer has failed to be stored, too.
    await expect(shop.ask('other', 'y'.repeat(300_000))).rejects.toMatchObject({ code: 'disk_full' })
    rmSync(filler)
    expect((await long).text).toHaveLength(200_000)
    // Its second try comes a second after the first.
    expect(Date.now() - before).toBeGreaterThan(900)
    expect((await shop.ask('other', 'again')).text).toBe('short')
    await shop.close()
    expect(errors).toEqual([])
  },
)
