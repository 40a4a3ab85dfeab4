/**
 * `node:sqlite` as every supported Node has it. Node 22 warns at its first use that it is experimental, which
 * would stand on stderr of every command; what we use of it is tested on each version.
 */
type NodeSqlite = typeof import('node:sqlite')

export const DatabaseSync: NodeSqlite['DatabaseSync'] = loadQuietly().DatabaseSync

function loadQuietly(): NodeSqlite {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    if (emitWarning !== undefined) Object.defineProperty(process, 'emitWarning', emitWarning)
  }
}
