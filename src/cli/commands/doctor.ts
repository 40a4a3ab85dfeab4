import { join } from 'node:path'
import { checkAgents } from '../../doctor/agents.ts'
import type { Check, CheckStatus } from '../../doctor/check.ts'
import { checkGit, checkNode } from '../../doctor/machine.ts'
import {
  checkConfiguration,
  checkHosts,
  checkLeftovers,
  checkState,
  hostsUnknown,
  makeState,
} from '../../doctor/project.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { paintFor } from '../paint.ts'
import { note, printJson, type Session } from '../session.ts'
import { hang, oneLine, pad } from '../text.ts'

interface DoctorInput {
  readonly fix?: boolean
}

const EXIT_FAILED: ExitStatus = 1

/** `atelier doctor`: looks, and changes nothing but what --fix allows. */
export async function runDoctor({ fix = false }: DoctorInput, session: Session): Promise<ExitStatus> {
  if (fix) await repair(session)
  const checks = await examine(session)
  if (session.globals.json === true)
    printJson(session, {
      checks: checks.map(({ name, status, found, fix: way }) => ({ name, status, found, fix: way })),
    })
  else show(session, checks)
  return checks.some(({ status }) => status === 'fail') ? EXIT_FAILED : EXIT_OK
}

async function examine({ dir, terminal: { env }, clock, open }: Session): Promise<readonly Check[]> {
  const [git, configuration, hosts, leftovers, agents] = await Promise.all([
    checkGit({ dir, env, clock }),
    checkConfiguration(dir, env),
    lookAtHosts(dir, open),
    checkLeftovers(clock.now()),
    checkAgents({ dir, env, clock }),
  ])
  return [checkNode(), ...git, checkState(stateOf(dir)), configuration, hosts, leftovers, ...agents]
}

async function lookAtHosts(dir: string, open: Session['open']): Promise<Check> {
  try {
    const views = await open.views({ dir })
    try {
      return checkHosts((await views.status()).hosts)
    } finally {
      await views.close()
    }
  } catch (error) {
    return hostsUnknown(error)
  }
}

/** Does what can be undone by hand and removes nothing; says each thing that it does. */
async function repair(session: Session): Promise<void> {
  const { dir, terminal } = session
  const state = stateOf(dir)
  if (checkState(state).status === 'warn') {
    makeState(state)
    note(session, `Made the state folder ${state}.`)
  }
  const { untrusted } = await checkConfiguration(dir, terminal.env)
  if (untrusted === undefined) return
  note(session, `Trusting ${untrusted}: it decides what runs on this machine. Read it.`)
  note(session, `Trusted ${await session.open.trust(dir)}.`)
}

function stateOf(dir: string): string {
  return join(dir, '.atelier', 'state')
}

function show({ terminal: { out } }: Session, checks: readonly Check[]): void {
  const paint = paintFor(out)
  const colours: Record<CheckStatus, (text: string) => string> = {
    ok: paint.good,
    warn: paint.active,
    fail: paint.bad,
  }
  const width = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 'fail  '.length + 2)
  for (const { name, status, found, fix } of checks) {
    out.write(`${colours[status](pad(status, 4))}  ${pad(name, width)}  ${oneLine(found)}\n`)
    if (fix !== null) out.write(`${indent}${hang(`fix: ${oneLine(fix)}`, indent)}\n`)
  }
}
