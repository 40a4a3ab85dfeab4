/** Verbs for what comes with Atelier. */
import { operation, type Operation } from './operation.ts'

const exporting: Operation = operation({
  name: 'export-workflow',
  command: 'workflow export',
  summary: 'Write a workflow that comes with Atelier, and its roles, to files of the project, to edit them',
  details: 'The files count from then on. Those that are there already are left as they are.',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [
    {
      name: 'name',
      type: 'string',
      required: true,
      positional: true,
      description: 'Name of the workflow: feature or bug-fix',
    },
  ],
  examples: ['atelier workflow export feature'],
  library: "await shop.exportWorkflow('feature')",
  run: (shop, { name }) => shop.exportWorkflow(name),
})

export const SHIPPED: readonly Operation[] = [exporting]
