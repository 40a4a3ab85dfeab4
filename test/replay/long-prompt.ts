/** Longer than what stays inline. */
export const LONG_PROMPT: string = 'Fix it. '.repeat(1000)
