import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { optionError } from '../options/config-error.ts'
import type { CliContext } from './context/cli-context.ts'
import { localError } from './context/local-error.ts'
import { addTo, readOrigin } from './context/upload-origin.ts'
import { configArgument, withStack } from './context/with-stack.ts'
import { findTemplates } from './edge/find-templates.ts'
import { writeFiles } from './edge/write-files.ts'

interface EdgeFlags {
  out: string
  format?: string
  name?: string
  certificate?: string
  uploadOrigin?: string[]
  force?: boolean
}

export function addEdge(program: Command, context: CliContext): void {
  program
    .command('edge')
    .description('write templates of what a configuration needs in front of its storage, and apply nothing')
    .argument(...configArgument)
    .requiredOption('--out <directory>', 'directory for the files')
    .option(
      '--format <format>',
      'language of the templates: cloudformation, terraform or cdk. Default: the first of them',
    )
    .option('--name <name>', 'name of all that is made. Default: longshore')
    .option('--certificate <id>', "certificate for the edge's name where that is your own; for CloudFront its ARN")
    .option('--upload-origin <url>', 'origin of pages that upload to the bucket themselves; may be repeated', addTo)
    .option('--force', 'replace files that are there')
    .action(async (file: string, flags: EdgeFlags) => {
      const uploadOrigins = (flags.uploadOrigin ?? []).map(readOrigin)
      await withStack(file, context, async (_storage, stack, config) => {
        const { templates, layer } = await findTemplates(stack, context)
        const format = flags.format ?? templates.formats[0] ?? ''
        if (!templates.formats.includes(format)) {
          throw optionError('--format', `found ${format}; accepted: ${templates.formats.join(', ')}`)
        }
        const { out: directory, name, certificate } = flags
        const readFormer = (path: string): Promise<string | undefined> => readIfThere(join(directory, path))
        const given = { config, stack, layer, directory, name, certificate, uploadOrigins, readFormer }
        const { files, next } = await templates.files(given, format)
        await writeFiles(directory, files, { force: flags.force === true })
        const written = [...files.keys()].map(path => join(directory, path))
        context.out(`${[...written, '', ...next].join('\n')}\n`)
      })
    })
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw localError(error, path)
  }
}
