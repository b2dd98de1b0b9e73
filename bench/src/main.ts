#!/usr/bin/env node
import { runCommand } from './command.ts'
import { figures } from './figures.ts'

// The AWS SDK's word on coming versions of Node says nothing about what is measured.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// A figure that was cut off may still be at something.
process.exit(await runCommand(process.argv.slice(2), figures))
