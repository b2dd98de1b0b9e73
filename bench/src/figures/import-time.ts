import { alternate, type Side } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { timesAtMost } from '../row.ts'
import { runProgram } from '../run-program.ts'

const stack = ['@longshore/middleware-core', '@longshore/s3-driver', '@longshore/middleware-cloudfront']

export const importTime: Figure = {
  name: 'import-time',
  title: 'How long it takes to import packages, in a new process',
  seconds: 20,
  async measure(bench) {
    const samples = await alternate(
      [
        importing('@longshore/middleware-cloudfront', bench, ['@longshore/middleware-cloudfront']),
        importing('@longshore/*', bench, stack),
        importing('@aws-sdk/client-s3', bench, ['@aws-sdk/client-s3']),
      ],
      { rounds: bench.size(15, 3), warmUps: 2, log: bench.log },
    )
    const peer = samples.of('@aws-sdk/client-s3', 'time')
    return [
      {
        what: '@longshore/middleware-cloudfront',
        unit: 'ms',
        ours: samples.of('@longshore/middleware-cloudfront', 'time'),
        peer,
        target: timesAtMost(1 / 3),
      },
      { what: 'the whole stack', unit: 'ms', ours: samples.of('@longshore/*', 'time'), peer, target: timesAtMost(1.3) },
    ]
  },
}

/** Without the start of Node itself, which is the same for all. */
function importing(name: string, { signal }: Bench, packages: readonly string[]): Side {
  const urls = JSON.stringify(packages.map(specifier => import.meta.resolve(specifier)))
  const program = `const begun = performance.now()
    await Promise.all(${urls}.map(url => import(url)))
    console.log(performance.now() - begun)`
  const args = ['--input-type=module', '--eval', program]
  return {
    name,
    prepare: async () => async () => ({ time: Number(await runProgram(process.execPath, args, { signal })) }),
  }
}
