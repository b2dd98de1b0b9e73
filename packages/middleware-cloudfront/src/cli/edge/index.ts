import { existsSync } from 'node:fs'
import type { EdgeTemplates } from '@longshore/middleware-core/cli'
import { cdk } from './cdk.ts'
import { cloudFormation } from './cloudformation.ts'
import type { EdgeFormat } from './format.ts'
import { nextSteps } from './next-steps.ts'
import { readSetup } from './setup.ts'
import { TemplateFiles } from './template-files.ts'
import { terraform } from './terraform.ts'

const formats: Readonly<Record<string, EdgeFormat>> = { cloudformation: cloudFormation, terraform, cdk }

/** Templates of a private bucket and a distribution in front of it, from a directory that is laid out as `examples/aws`. */
export function templatesFrom(directory: URL): EdgeTemplates {
  return {
    formats: Object.keys(formats),
    files: async (context, format) => {
      const fill = formats[format]
      if (!fill) throw new TypeError(`no format ${format}`)
      const setup = readSetup(context)
      const filled = await fill(setup, new TemplateFiles(directory), context)
      return { files: filled.files, next: nextSteps(setup, filled, context) }
    },
  }
}

/** Templates of this package, which its build has put beside its code. */
export const edge: EdgeTemplates = templatesFrom(new URL('dist/templates/', packageDirectory()))

function packageDirectory(): URL {
  let directory = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', directory))) directory = new URL('..', directory)
  return directory
}
