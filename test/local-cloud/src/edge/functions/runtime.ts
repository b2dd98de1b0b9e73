import { Buffer } from 'node:buffer'
import { createHash, createHmac } from 'node:crypto'
import querystring from 'node:querystring'
import { createContext, Script } from 'node:vm'
import { FunctionError } from './function-error.ts'
import type { FunctionEvent } from './function-event.ts'

/** "Maximum function size: 10 KB" ("Quotas on CloudFront Functions"). */
const MAX_CODE_BYTES = 10_240

/**
 * CloudFront ends a function after about a millisecond of CPU time. This clock counts the time in which other programs run,
 * too: it is here to end a loop, and no measure.
 */
const MAX_RUN_MS = 1000

/** Globals that "JavaScript runtime 2.0 features for CloudFront Functions" lists; a context of Node has more. */
const GLOBALS = `Object Function Boolean Number String Symbol Math Date JSON RegExp Promise Array ArrayBuffer DataView
  Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array Error EvalError
  RangeError ReferenceError SyntaxError TypeError URIError globalThis undefined NaN Infinity isNaN isFinite parseInt parseFloat
  encodeURI encodeURIComponent decodeURI decodeURIComponent console require run`.split(/\s+/)

const MODULES: Record<string, object> = { buffer: { Buffer }, crypto: { createHash, createHmac }, querystring }

const prepare = new Script(
  `for (const name of Object.getOwnPropertyNames(globalThis)) if (!${JSON.stringify(GLOBALS)}.includes(name)) delete globalThis[name]`,
)

const hasHandler = new Script(`typeof handler === 'function'`)

/** Event and outcome are text: a function gets objects of its own context, and keeps none of ours. */
const call = new Script(
  `'use strict';
  new Promise(resolve => resolve(handler(JSON.parse(run.event)))).then(
    value => { run.result = JSON.stringify(value) },
    error => { run.error = String(error) },
  )`,
)

/**
 * A CloudFront Function in a context of its own, a fresh one for every run: without network, files, timers, dynamic code, and
 * without state between runs. It keeps a function from what CloudFront does not have; it is no fence against hostile code.
 * Not imitated are the limit of 2 MB of memory, key value stores, the module `cloudfront`, and logs, which are discarded.
 */
export class EdgeFunction {
  readonly #code: Script

  /** Throws where the code is too large, does not parse, or defines no `handler`. */
  constructor(code: string) {
    const size = Buffer.byteLength(code)
    if (size > MAX_CODE_BYTES)
      throw new TypeError(`a CloudFront Function has ${MAX_CODE_BYTES} bytes at most, not ${size}`)
    this.#code = new Script(`'use strict';${code}`, { filename: 'cloudfront-function.js' })
    const isComplete = hasHandler.runInContext(this.#load({})) as boolean
    if (!isComplete) throw new TypeError('a CloudFront Function defines `handler(event)`')
  }

  /** Returns what the function returns. */
  run(event: FunctionEvent): unknown {
    const run: { event: string; result?: string; error?: string } = { event: JSON.stringify(event) }
    try {
      call.runInContext(this.#load({ run }), { timeout: MAX_RUN_MS })
    } catch (error) {
      throw new FunctionError('execution', error instanceof Error ? error.message : String(error))
    }
    if (run.error !== undefined) throw new FunctionError('execution', run.error)
    if (run.result === undefined) throw new FunctionError('execution', 'the function returned nothing')
    return JSON.parse(run.result)
  }

  #load(run: { run?: object }) {
    const discard = () => {}
    const globals = {
      ...run,
      console: { log: discard, error: discard },
      require: (name: string) => {
        if (Object.hasOwn(MODULES, name)) return MODULES[name]
        throw new Error(`Cannot find module "${name}"`)
      },
    }
    // Promises settle before a run returns, and within its time.
    const context = createContext(globals, {
      codeGeneration: { strings: false, wasm: false },
      microtaskMode: 'afterEvaluate',
    })
    prepare.runInContext(context)
    this.#code.runInContext(context, { timeout: MAX_RUN_MS })
    return context
  }
}
