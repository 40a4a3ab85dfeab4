/** Verbs for what comes with Atelier. */
import { operation, type Operation } from './operation.ts'

const exporting: Operation = operation({
  name: 'export-workflow',
  command: 'workflow export',
  summary: 'Write a workflow that comes with Atelier, and its roles, to files of the project, to edit them',
  details:
    'The files count from then on. Those that are there already are left as they are. Of a file of another system, with `workflow:` and `steps:`, it prints the workflow in the form of Atelier, and writes nothing.',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [
    {
      name: 'name',
      type: 'string',
      required: true,
      positional: true,
      placeholder: 'name|file',
      isPath: true,
      description: 'Name of the workflow: feature or bug-fix; or a file of another system',
    },
  ],
  examples: ['atelier workflow export feature', 'atelier workflow export old.yaml'],
  library: "await shop.exportWorkflow('feature')",
  run: (shop, { name }) => shop.exportWorkflow(name),
})

export const SHIPPED: readonly Operation[] = [exporting]
