/** A Postgres of its own in a temporary folder, reached by a Unix socket there. */
import { execFile, execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'

const run = promisify(execFile)

export interface PostgresServer {
  /** The folder of its socket: `host` of a connection. */
  readonly socket: string
  stop(): Promise<void>
}

/** Why no Postgres can be started here; undefined if one can. */
export function postgresMissing(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const missing = ['initdb', 'pg_ctl'].filter(
    (name) => !folders.some((folder) => existsSync(join(folder, name))),
  )
  return missing.length === 0 ? undefined : `no ${missing.join(' and no ')} on PATH`
}

export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-pg-'))
  const data = join(folder, 'data')
  const user = ordinaryUser()
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid)
  await run(
    'initdb',
    ['-D', data, '-U', 'atelier', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--no-locale'],
    user,
  )
  const options = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off -c max_connections=50`
  await run('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', options, 'start'], user)
  return {
    socket: folder,
    async stop() {
      await run('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop'], user)
      rmSync(folder, { recursive: true })
    },
  }
}

/** A connection, in a schema of its own where one is named. */
export async function connectTo({ socket }: PostgresServer, schema?: string): Promise<Client> {
  const client = new Client({ host: socket, user: 'atelier', database: 'postgres' })
  await client.connect()
  if (schema !== undefined) await client.query(`SET search_path TO ${schema}`)
  return client
}

/** Postgres refuses to run as root. */
function ordinaryUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
