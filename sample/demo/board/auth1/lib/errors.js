/** An error the caller can act on: `code` names the case, `status` is the number an API answers with. */
export class LedgerError extends Error {
  constructor(code, status, message) {
    super(message)
    this.name = 'LedgerError'
    this.code = code
    this.status = status
  }
}

export const invalid = (message) => new LedgerError('invalid', 400, message)
export const unauthorized = (message) => new LedgerError('unauthorized', 401, message)
export const notFound = (message) => new LedgerError('not_found', 404, message)
