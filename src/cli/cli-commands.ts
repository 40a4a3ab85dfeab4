/** The verbs that only a command line has, as data; each loads what runs it. */
import { DEFINITION_PARAMS } from '../operations/definition-params.ts'
import type { CliCommand } from './command.ts'

export const CLI_COMMANDS: readonly CliCommand[] = [
  {
    name: 'init',
    summary: 'Set up this folder: write a configuration that works, and trust it',
    details: 'Overwrites nothing. Run again, it does what is still missing.',
    group: 'workshop',
    params: [
      { name: 'ts', type: 'boolean', description: 'Write atelier.config.ts instead of atelier.config.yaml' },
    ],
    examples: ['atelier init', 'atelier init --ts'],
    load: async () => (await import('./commands/init.ts')).runInit,
  },
  {
    name: 'trust',
    summary: 'Trust this folder, so that its configuration may name commands to run',
    details: 'Read the configuration first: whoever wrote it decides what runs on this machine.',
    group: 'workshop',
    params: [],
    examples: ['atelier trust'],
    load: async () => (await import('./commands/trust.ts')).runTrust,
  },
  {
    name: 'doctor',
    summary:
      'Check what Atelier needs here: Node, git, the state folder, the configuration, hosts and agents',
    details:
      'Each line says what was found and how it is put right. It asks no server: a login that it sees may have run out. Ends with 1 if something fails.',
    group: 'workshop',
    params: [
      {
        name: 'fix',
        type: 'boolean',
        description:
          'Make the state folder and trust the configuration, where that is missing; removes nothing',
      },
    ],
    examples: ['atelier doctor', 'atelier doctor --fix', 'atelier doctor --json'],
    load: async () => (await import('./commands/doctor.ts')).runDoctor,
  },
  {
    name: 'demo',
    summary: 'Watch a small team work on a sample project, without an account',
    details:
      '`board` has two coders and a reviewer take items from a board, each in a git worktree of its own; `direct` has two agents talk; `feature` runs a workflow from a spec to one merge. The agents are scripted; files, test runs, commits and merges are real. With --backend claude those of `direct` are Claude Code, on your account and within a small budget that is told first; with --model-server it needs no account.',
    group: 'workshop',
    params: [
      {
        name: 'name',
        type: 'string',
        positional: true,
        placeholder: 'board|direct|feature',
        description: 'Which demo',
        default: 'board; with --backend claude, direct',
      },
      {
        name: 'backend',
        type: 'string',
        choices: ['scripted', 'claude'],
        description: 'Who plays the agents',
        default: 'scripted',
      },
      {
        name: 'workers',
        type: 'boolean',
        description:
          'With `feature`: board workers take its stages; --no-workers leaves them to the agents that they name',
        default: 'true',
      },
      {
        name: 'modelServer',
        type: 'boolean',
        description:
          'With --backend claude: its model is a script on this machine, and nothing of your configuration or login is used',
      },
      {
        name: 'claude',
        type: 'string',
        placeholder: 'path',
        description: 'With --backend claude: the Claude Code to run',
        default: 'the one on PATH, then in node_modules',
      },
    ],
    examples: [
      'atelier demo',
      'atelier demo direct',
      'atelier demo feature --no-workers',
      'atelier demo direct --backend claude --model-server',
      'atelier demo direct --backend claude',
    ],
    load: async () => (await import('./commands/demo.ts')).runDemoCommand,
  },
  {
    name: 'up',
    summary: 'Start the background host, which runs agents when no command waits for them',
    details:
      'If one is running already, it is adopted. It reads the configuration when it starts, and ends with `atelier down`.',
    group: 'workshop',
    params: [
      {
        name: 'idleExit',
        type: 'duration',
        description: 'End by itself after this long without work',
        default: 'never',
      },
    ],
    examples: ['atelier up', 'atelier up --idle-exit 10m'],
    load: async () => (await import('./commands/up.ts')).runUp,
  },
  {
    name: 'down',
    summary: 'End the background host',
    details:
      'Running turns may finish for up to 30 s; then, or with --now, they are interrupted and their messages wait for the next host.',
    group: 'workshop',
    params: [{ name: 'now', type: 'boolean', description: 'Interrupt running turns at once' }],
    examples: ['atelier down', 'atelier down --now'],
    load: async () => (await import('./commands/down.ts')).runDown,
  },
  {
    name: 'host',
    summary: 'Be the background host, in this terminal',
    details: 'What `atelier up` starts. Ctrl-C ends it after its running turns; a second Ctrl-C at once.',
    group: 'workshop',
    params: [
      {
        name: 'idleExit',
        type: 'duration',
        description: 'End by itself after this long without work',
        default: 'never',
      },
    ],
    examples: ['atelier host'],
    load: async () => (await import('./commands/host.ts')).runHost,
  },
  {
    name: 'board-worker',
    summary: 'Be a worker of the board, in this terminal: take items of one type and do them',
    details:
      'It is woken at once when an item becomes ready. Ctrl-C ends it after what it runs; a second Ctrl-C at once, and its items are ready again. Workers that run with `atelier up` stand in the configuration, under workers.',
    group: 'workshop',
    params: [
      { name: 'name', type: 'string', required: true, positional: true, description: 'Name of the worker' },
      {
        name: 'type',
        type: 'string',
        required: true,
        positional: true,
        description: 'Type of the items that it takes, such as code or review',
      },
      { name: 'profile', type: 'string', description: 'Profile that its agents are made from' },
      {
        name: 'worktree',
        type: 'boolean',
        description: 'Each item in a git worktree of its own, merged when done',
      },
      {
        name: 'concurrency',
        type: 'number',
        integer: true,
        min: 1,
        description: 'Items at the same time, each by an agent of its own',
        default: '1',
      },
      {
        name: 'maxConcurrency',
        type: 'number',
        integer: true,
        min: 1,
        description: 'Add agents up to so many while more than two items wait for each',
        default: 'the concurrency',
      },
      {
        name: 'routing',
        type: 'string',
        description:
          'Which of several free agents takes an item: least_loaded, capability, round_robin, weighted_round_robin, performance',
        default: 'that of the workshop',
        placeholder: 'strategy',
      },
      {
        name: 'weight',
        type: 'number',
        integer: true,
        min: 1,
        description: 'Its share under weighted_round_robin',
        default: '1',
      },
      {
        name: 'interval',
        type: 'duration',
        description: 'How often to look for items that nothing announced',
        default: '60s',
      },
      ...DEFINITION_PARAMS.filter(({ name }) => name !== 'worktree' && name !== 'session'),
    ],
    examples: [
      'atelier board-worker dev code --profile coder --worktree',
      'atelier board-worker rev review --profile reviewer --concurrency 2',
    ],
    load: async () => (await import('./commands/board-worker.ts')).runBoardWorker,
  },
  {
    name: 'repl',
    summary: 'Talk to the team in JavaScript: every member of the workshop is in scope',
    group: 'workshop',
    params: [],
    examples: ['atelier repl'],
    load: async () => (await import('./commands/repl.ts')).runRepl,
  },
  {
    name: 'completion',
    summary: 'Print what makes a shell complete the verbs and flags',
    group: 'workshop',
    params: [
      {
        name: 'shell',
        type: 'string',
        required: true,
        positional: true,
        choices: ['bash', 'zsh', 'fish'],
        description: 'The shell',
      },
    ],
    examples: ['source <(atelier completion bash)'],
    load: async () => (await import('./commands/completion.ts')).runCompletion,
  },
]
