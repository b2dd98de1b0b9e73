import { run } from './run.ts'

// The AWS SDK's word on coming versions of Node is for those who choose its version, not for those who run this.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

process.exitCode = await run(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  error: text => process.stderr.write(text),
  env: process.env,
})
