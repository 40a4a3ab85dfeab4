/** Tests enter their hosts in a ledger of their own, not in that of whoever runs them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-state-'))
  process.env['XDG_STATE_HOME'] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
