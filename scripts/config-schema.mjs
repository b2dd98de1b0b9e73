/**
 * Writes examples/registry/config.schema.json, the JSON Schema of `config.yml` for editors: every section from the very schemas that
 * read it, explained by the doc comments of the packages. With `--check` nothing is written, and a file that differs is a failure.
 * Run after a build.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'oxfmt'
import { registrySettings } from '../examples/registry/dist/config/registry-settings.js'
import { cloudfront } from '../packages/middleware-cloudfront/dist/index.js'
import { jsonSchemaOf, parseConfig } from '../packages/middleware-core/dist/config/index.js'
import { filesystem, inmemory, prefix, redirect, rewrite } from '../packages/middleware-core/dist/index.js'
import { s3 } from '../packages/s3-driver/dist/index.js'
import { docComments } from './doc-comments.mjs'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const core = 'packages/middleware-core/src'
const s3Schema = optionsOf(s3, 'packages/s3-driver/src/options.ts', 'S3Options')
const drivers = {
  s3: s3Schema,
  s3aws: s3Schema,
  filesystem: optionsOf(filesystem, `${core}/drivers/filesystem/options.ts`, 'FilesystemOptions'),
  inmemory: optionsOf(inmemory),
}
const middlewares = {
  cloudfront: optionsOf(cloudfront, 'packages/middleware-cloudfront/src/options.ts', 'CloudFrontOptions'),
  prefix: optionsOf(prefix, `${core}/middleware/prefix.ts`, 'PrefixOptions'),
  redirect: optionsOf(redirect, `${core}/middleware/redirect.ts`, 'RedirectOptions'),
  rewrite: optionsOf(rewrite, `${core}/middleware/rewrite.ts`, 'RewriteOptions'),
}

const root = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'config.yml of a registry on Longshore',
  type: 'object',
  properties: {
    version: { enum: [0.1, '0.1'], description: 'Version of the format' },
    storage: {
      description: 'The driver, by its name, and settings beside it',
      anyOf: [
        { type: 'object', properties: drivers },
        { type: 'string', description: 'a driver without options, such as inmemory' },
      ],
    },
    middleware: {
      type: ['object', 'null'],
      properties: {
        storage: {
          description: 'Middlewares around the driver; the first one is innermost',
          type: ['array', 'null'],
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', description: `${Object.keys(middlewares).join(', ')}, or the name of a package` },
              disabled: { type: 'boolean', description: 'true leaves it out' },
              options: {},
            },
            additionalProperties: false,
            allOf: Object.entries(middlewares).map(([name, options]) => ({
              if: { properties: { name: { const: name } } },
              // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
              then: { properties: { options } },
            })),
          },
        },
        registry: {},
        repository: {},
      },
      additionalProperties: false,
    },
  },
  required: ['storage'],
  additionalProperties: false,
}
for (const [path, schema] of sectionsOfRegistry()) place(path, jsonSchemaOf(schema))

const file = 'examples/registry/config.schema.json'
const { code } = await format(file, JSON.stringify(root), JSON.parse(readFileSync('.oxfmtrc.json', 'utf8')))
const before = readFileSync(file, { encoding: 'utf8', flag: 'a+' })
if (code !== before && process.argv.includes('--check')) {
  console.log(`${file}: differs from the schemas; npm run config-schema writes it`)
  process.exitCode = 1
} else if (code !== before) writeFileSync(file, code)

function optionsOf({ definition }, source, type) {
  const schema = jsonSchemaOf(definition.options)
  const comments = source === undefined ? {} : docComments(source, type)
  const explained = Object.entries(comments).map(([name, comment]) => [name.toLowerCase(), comment])
  for (const [name, comment] of explained) {
    const property = schema.properties[name]
    if (property) property.description = comment
  }
  return { ...schema, type: schema.required ? 'object' : ['object', 'null'] }
}

/** Every section that the registry reads, with its schema: what it asks a configuration for. */
function sectionsOfRegistry() {
  const sections = []
  const keys = 'realm: https://auth.example.com/token, service: s, issuer: i, jwks: keys.json'
  for (const auth of ['{}', '{ htpasswd: { realm: r, path: p } }', `{ token: { ${keys} } }`]) {
    const config = parseConfig(`storage: inmemory\nauth: ${auth}\n`)
    const recorder = new Proxy(config, {
      get(target, name) {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args) => {
          if (name === 'section') sections.push(args)
          return value.apply(target, args)
        }
      },
    })
    registrySettings(recorder)
  }
  // A section stands before what is in it.
  return sections.toSorted(([first], [second]) => first.length - second.length)
}

function place(path, schema) {
  let properties = root.properties
  for (const name of path.slice(0, -1)) {
    const parent = (properties[name] ??= { type: ['object', 'null'], properties: {}, additionalProperties: false })
    const object = parent.anyOf?.[0] ?? parent
    properties = object.properties ??= {}
  }
  const name = path.at(-1)
  const known = properties[name]
  const type = schema.type === undefined ? {} : { type: [...new Set([schema.type, 'null'].flat())] }
  // What is read twice keeps the parts of both.
  properties[name] = { ...schema, ...type, properties: { ...schema.properties, ...known?.properties } }
  if (Object.keys(properties[name].properties).length === 0) delete properties[name].properties
}
