/** The configurations that `atelier init` writes: each works as it stands, and says what to change. */

/** Shell text of the agent that stands in until the user names a real one. */
const STAND_IN = 'echo "This is a stand-in for an agent. It was given:"; cat'

/** `atelier.config.yaml`. */
export function yamlTemplate(): string {
  return `# The team of this project. After a change: atelier down, atelier up.
# This file names commands that run on your machine, so Atelier reads it only in folders you trust.

# Every agent is a command: it reads its prompt from standard input, and what it prints is its answer.
backend: command
backendConfig:
  # A stand-in that costs nothing. Put your agent in its place, for example:
  #
  # Claude Code
  #   command: [claude, -p, --output-format, json, --permission-mode, acceptEdits]
  #   output: json
  #   sessionField: session_id
  #   resumeArgs: [--resume, '{session}']
  #   passEnv: [ANTHROPIC_API_KEY]
  #
  # Codex
  #   command: [codex, exec, --sandbox, workspace-write, '-']
  #   passEnv: [OPENAI_API_KEY]
  command: '${STAND_IN}'

# What a turn is charged at if the agent does not tell its cost, and the limit of all spending, in USD.
assumeUsd: 0.50
maxCostUsd: 20

profiles:
  coder:
    role: You write clean, tested code. You run the tests before you answer.
    timeout: 15m

agents:
  impl:
    profile: coder
  reviewer:
    role: You review code for correctness and clarity. You change nothing.
    timeout: 10m
`
}

/**
 * `atelier.config.ts`.
 * @param canImport the project has the package, so that the configuration can be typed by it
 */
export function codeTemplate(canImport: boolean): string {
  const [opening, before, after] = canImport
    ? ["import { defineConfig } from 'atelier'\n\n", 'defineConfig(', ')']
    : ['', '', '']
  return `${opening}// The team of this project. After a change: atelier down, atelier up.
// This file runs on your machine, so Atelier reads it only in folders you trust.
export default ${before}{
  // Every agent is a command: it reads its prompt from standard input, and what it prints is its answer.
  backend: 'command',
  backendConfig: {
    // A stand-in that costs nothing. Put your agent in its place, for example Claude Code:
    //   command: ['claude', '-p', '--output-format', 'json', '--permission-mode', 'acceptEdits'],
    //   output: 'json',
    //   sessionField: 'session_id',
    //   resumeArgs: ['--resume', '{session}'],
    //   passEnv: ['ANTHROPIC_API_KEY'],
    // or Codex:
    //   command: ['codex', 'exec', '--sandbox', 'workspace-write', '-'],
    //   passEnv: ['OPENAI_API_KEY'],
    command: '${STAND_IN}',
  },

  // What a turn is charged at if the agent does not tell its cost, and the limit of all spending, in USD.
  assumeUsd: 0.5,
  maxCostUsd: 20,

  profiles: {
    coder: { role: 'You write clean, tested code. You run the tests before you answer.', timeout: '15m' },
  },
  agents: {
    impl: { profile: 'coder' },
    reviewer: { role: 'You review code for correctness and clarity. You change nothing.', timeout: '10m' },
  },
}${after}
`
}
