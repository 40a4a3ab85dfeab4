import { errorData } from '../errors.ts'
import { commit, type TeamContext } from './context.ts'

/** Asks a host to end: after its running turns, or at once, which puts their messages back. */
export async function requestStop({ store, by }: TeamContext, host: string, now: boolean): Promise<void> {
  await commit(store, {
    name: 'host.change',
    keys: [`host:${host}`],
    by,
    load: (reader) => reader.get('host', host),
    decide: (row) =>
      row === undefined
        ? {
            refused: errorData('not_found', `There is no host ${host}; it may have ended already.`, { host }),
          }
        : { events: [{ type: 'host.stop_requested', data: { host, now } }] },
  })
}
