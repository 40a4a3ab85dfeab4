/** Where scripted conversations are kept: in the reference that the team holds, or in files as well. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { TurnRequest } from '../../agent-backend.ts'
import type { SessionEvidence } from '../../agents/recovery.ts'
import { newId } from '../../ids.ts'
import type { SessionRef } from '../../tables.ts'

/** One prompt of a session and its answer, which is null until it is given. */
export interface Exchange {
  readonly turn: string
  readonly prompt: string
  readonly answer: string | null
}

/** A session as its file holds it. */
export interface SessionFile {
  readonly id: string
  readonly cwd: string
  readonly exchanges: readonly Exchange[]
}

/** The session of one turn. */
export interface ScriptedSession {
  readonly id: string
  /** Turns that were answered before. */
  readonly answered: number
  /** Writes the prompt down. */
  begin(): Promise<void>
  /** Writes the answer down. */
  finish(answer: string): Promise<void>
}

/** A session that is known only by its reference: it counts the answered turns in there. */
export function openSession(request: TurnRequest, isNew: boolean): ScriptedSession {
  const resume = isNew ? undefined : request.resume
  return {
    id: resume?.id ?? request.begin?.id ?? newId('ses'),
    answered: answeredTurns(resume),
    begin: () => Promise.resolve(),
    finish: () => Promise.resolve(),
  }
}

/**
 * A session that is kept in a file, prompts and answers, so that any process can resume it.
 * @returns undefined if the session to resume has no file
 */
export async function openSessionFile(
  folder: string,
  request: TurnRequest,
  isNew: boolean,
): Promise<ScriptedSession | undefined> {
  const resume = isNew ? undefined : request.resume
  const before = resume === undefined ? newSession(request) : await readSession(folder, resume.id)
  if (before === undefined) return undefined
  const write = async (answer: string | null): Promise<void> => {
    const exchange: Exchange = { turn: request.turn, prompt: request.prompt, answer }
    await writeSession(folder, { ...before, exchanges: [...before.exchanges, exchange] })
  }
  return {
    id: before.id,
    answered: before.exchanges.filter(({ answer }) => answer !== null).length,
    begin: () => write(null),
    finish: (answer) => write(answer),
  }
}

/** Reads a session's file; undefined if there is none. */
export async function readSession(folder: string, id: string): Promise<SessionFile | undefined> {
  const text = await readFile(fileOf(folder, id), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as SessionFile)
}

/** What a session's file shows of a prompt that was sent after the reference was made. */
export function evidenceIn(file: SessionFile | undefined, ref: SessionRef, prompt: string): SessionEvidence {
  // Exchanges that the reference knows of are of earlier messages, which may have had the same prompt.
  const exchanges = file?.exchanges ?? []
  const answered = exchanges.flatMap(({ answer }, index) => (answer === null ? [] : [index]))
  const later = exchanges.slice((answered[answeredTurns(ref) - 1] ?? -1) + 1)
  const sent = later.findIndex((exchange) => exchange.prompt === prompt)
  if (sent === -1) return { shows: 'nothing' }
  const answer = later.slice(sent).findLast((exchange) => exchange.answer !== null)?.answer
  return answer == null ? { shows: 'prompt' } : { shows: 'answer', text: answer }
}

function newSession(request: TurnRequest): SessionFile {
  return { id: request.begin?.id ?? newId('ses'), cwd: request.cwd, exchanges: [] }
}

async function writeSession(folder: string, session: SessionFile): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Whole or not at all: a host that dies here leaves the file as it was.
  const draft = fileOf(folder, `${session.id}.${process.pid}`)
  await writeFile(draft, JSON.stringify(session))
  await rename(draft, fileOf(folder, session.id))
}

function fileOf(folder: string, id: string): string {
  return join(folder, `${id.replace(/[^\w.-]/gu, '_')}.json`)
}

function answeredTurns(resume: SessionRef | undefined): number {
  const turns = (resume?.data as { readonly turns?: unknown } | undefined)?.turns
  return typeof turns === 'number' ? turns : 0
}
