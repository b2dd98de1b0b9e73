import { readFileSync } from 'node:fs'
import type { ViewerFunctionCode } from '@longshore/local-cloud'

const code = readFileSync(new URL('../../../examples/aws/function/registry-edge.js', import.meta.url), 'utf8')

/** The CloudFront Function of `examples/aws` on both viewer events, as its templates associate it. */
export const viewerFunctions: ViewerFunctionCode = { request: code, response: code }
