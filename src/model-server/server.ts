/**
 * A model for tests of real coding agents: an HTTP server that speaks a vendor's protocol and says
 * what a script tells it to. Nothing leaves the machine, no account is needed, and its log of requests
 * is the oracle.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { AtelierError } from '../errors.ts'
import type { ModelRequest, RequestMatch } from './request-log.ts'
import { ScriptedModel, type ModelServerOptions } from './scripted-model.ts'

export interface ModelServer {
  /** Its address, for the client's base URL. */
  readonly url: string
  /** Every request so far, in the order of arrival; it grows. */
  readonly requests: readonly ModelRequest[]
  /** The requests of which everything named is so. */
  find(match: RequestMatch): readonly ModelRequest[]
  /** The first request of each turn: a retry and further steps are the same turn. */
  starts(match?: RequestMatch): readonly ModelRequest[]
  /** The last prompt of each start. */
  promptsSeen(match?: RequestMatch): readonly string[]
  /** Resolves with the first request that fits, now or when it comes to fit. */
  waitFor(match: RequestMatch): Promise<ModelRequest>
  /** Ends all connections, also those that hang. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a model server.
 * @throws AtelierError `host_failed` if it cannot listen
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { port = 0, host = '127.0.0.1' } = options
  const model = new ScriptedModel(options)
  const server = createServer((request, response) => model.serve(request, response))
  // An agent may think for as long as a test wants; the connection stays.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The model server cannot listen on ${host}:${port}: ${cause.message}. Choose another port.`
      reject(new AtelierError('host_failed', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const shutDown = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
    await model.idle()
    model.log.close()
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= shutDown())
  return {
    url: `http://${name}:${address.port}`,
    requests: model.log.requests,
    find: (match) => model.log.find(match),
    starts: (match = {}) => model.log.starts(match),
    promptsSeen: (match = {}) => model.log.starts(match).map(({ prompts }) => prompts.at(-1) ?? ''),
    waitFor: (match) => model.log.waitFor(match),
    close,
    [Symbol.asyncDispose]: close,
  }
}
