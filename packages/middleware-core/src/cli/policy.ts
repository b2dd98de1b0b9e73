import type { Command } from 'commander'
import type { Layer, Stack } from '../config/create-storage.ts'
import { packageOf } from '../config/find-factory.ts'
import { StorageError } from '../contract/errors.ts'
import type { CliContext } from './context/cli-context.ts'
import { foundLayer } from './context/find-layer.ts'
import { loadCliModule } from './context/load-cli-module.ts'
import { addTo, readOrigin } from './context/upload-origin.ts'
import { configArgument, withStack } from './context/with-stack.ts'
import type { Policies, PolicyContext, PolicyDocument } from './policy/policies.ts'

interface PolicyFlags {
  only?: string
  json?: boolean
  distribution?: string
  account?: string
  uploadOrigin?: string[]
}

/** A document by its full name, such as `s3/iam`. */
type NamedDocument = PolicyDocument & { readonly layer: string }

export function addPolicy(program: Command, context: CliContext): void {
  program
    .command('policy')
    .description('print the least policies that a configuration needs, and apply nothing')
    .argument(...configArgument)
    .option('--distribution <id>', 'distribution in front of the storage; for CloudFront its ARN, or its ID')
    .option('--account <id>', 'account of the distribution, where that is given by its ID')
    .option('--upload-origin <url>', 'origin of pages that upload to the bucket themselves; may be repeated', addTo)
    .option('--only <name>', 'one document alone, such as s3/iam')
    .option('--json', 'as one JSON array, with their names and titles')
    .action(async (file: string, { only, json, distribution, account, uploadOrigin = [] }: PolicyFlags) => {
      const uploadOrigins = uploadOrigin.map(readOrigin)
      await withStack(file, context, async (_storage, stack, config) => {
        const given = { config, stack, distribution, account, uploadOrigins }
        const found = wanted(await documentsOf(stack, given, context), only)
        const made = found.filter(({ document }) => document !== undefined)
        for (const { layer, name, title, needs } of found) {
          if (needs === undefined) continue
          const detail = `${layer}/${name} (${title}) needs ${needs}`
          if (only !== undefined) throw new StorageError('CONFIG', detail)
          context.error(`${detail}\n`)
        }
        if (json) context.out(`${asText(made.map(({ needs: _, ...document }) => document))}\n`)
        else if (only !== undefined) context.out(`${asText(made[0]?.document)}\n`)
        else context.out(made.map(describe).join('\n'))
      })
    })
}

/** Documents of all layers, the driver's first. */
async function documentsOf(
  stack: Stack,
  given: Omit<PolicyContext, 'layer' | 'resource'>,
  context: CliContext,
): Promise<NamedDocument[]> {
  const policies = async ({ kind, name }: Layer): Promise<Policies | undefined> => {
    const module = await loadCliModule(packageOf(kind, name), context)
    return typeof module.policies?.documents === 'function' ? module.policies : undefined
  }
  const layers: readonly Layer[] = [stack.driver, ...stack.middlewares]
  const resource = (await policies(stack.driver))?.resource?.({ ...given, layer: foundLayer(stack.driver) })
  const documents: NamedDocument[] = []
  for (const layer of layers) {
    const made = (await policies(layer))?.documents({ ...given, layer: foundLayer(layer), resource }) ?? []
    documents.push(...made.map(document => ({ layer: layer.factory.definition.name, ...document })))
  }
  if (documents.length > 0) return documents
  const names = layers.map(({ name }) => name).join(', ')
  throw new StorageError('CONFIG', `no part of the storage needs a policy: found ${names}; accepted: such as s3`)
}

function wanted(documents: readonly NamedDocument[], only: string | undefined): readonly NamedDocument[] {
  if (only === undefined) return documents
  const found = documents.filter(({ layer, name }) => `${layer}/${name}` === only)
  if (found.length > 0) return found.slice(0, 1)
  const accepted = documents.map(({ layer, name }) => `${layer}/${name}`).join(', ')
  throw new StorageError('INVALID_ARGUMENT', `--only: found ${JSON.stringify(only)}; accepted: ${accepted}`)
}

function describe({ layer, name, title, document }: NamedDocument): string {
  return `# ${layer}/${name}: ${title}\n${asText(document)}\n`
}

function asText(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
