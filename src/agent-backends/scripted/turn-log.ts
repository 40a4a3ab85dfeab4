/** A file to which every scripted turn appends: what a chaos run compares with what the product says. */
import { closeSync, openSync, writeSync } from 'node:fs'

import type { TurnRequest } from '../../agent-backend.ts'
import { hashText } from '../../ids.ts'

/** One line of the file. */
export interface TurnLogLine {
  readonly at: 'start' | 'end'
  readonly turn: string
  readonly agent: string
  /** SHA-256 of the prompt, hexadecimal. */
  readonly prompt: string
  /** Session that was to be continued. */
  readonly resume?: string
  /** Of an end. */
  readonly status?: 'completed' | 'failed' | 'cancelled'
}

/** Appends whole lines, also where several processes write to the same file. */
export class TurnLog {
  readonly #path: string
  #file: number | undefined

  constructor(path: string) {
    this.#path = path
  }

  append(request: TurnRequest, at: TurnLogLine['at'], status?: TurnLogLine['status']): void {
    const line: TurnLogLine = {
      at,
      turn: request.turn,
      agent: request.agent,
      prompt: hashText(request.prompt),
      ...(request.resume !== undefined && { resume: request.resume.id }),
      ...(status !== undefined && { status }),
    }
    // Synchronous and one write: it stands in the file before anything that follows can happen.
    this.#file ??= openSync(this.#path, 'a')
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
