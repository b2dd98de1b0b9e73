/**
 * Which way imports point: the drawing in docs/architecture.md as rules, checked by `npm run imports`. Imports of types alone
 * don't count. Circles between files are oxlint's (`import/no-cycle`). Babel reads the sources, as this tool's other readers
 * of TypeScript know no `using` yet, or no TypeScript 7.
 */
export default {
  forbidden: [
    {
      name: 'no-folder-circles',
      comment: 'Two folders that import each other are one subject, or one holds something of the other.',
      severity: 'error',
      scope: 'folder',
      from: { path: '/src/.' },
      to: { circular: true },
    },
    {
      name: 'core-knows-no-package',
      severity: 'error',
      from: { path: '^packages/middleware-core/' },
      to: { path: '^(@longshore/|packages/(s3-driver|middleware-cloudfront)|examples|test|bench)' },
    },
    {
      name: 'packages-know-core-alone',
      severity: 'error',
      from: { path: '^packages/(s3-driver|middleware-cloudfront)/' },
      to: { path: '^(@longshore/(?!middleware-core)|examples|test|bench)' },
    },
    {
      name: 'local-cloud-knows-no-package',
      comment: 'A double that shared code with what it tests would share its faults.',
      severity: 'error',
      from: { path: '^test/local-cloud/' },
      to: { path: '^(@longshore/|packages/)' },
    },
    {
      name: 'upload-client-runs-in-browsers',
      severity: 'error',
      from: { path: '^packages/middleware-core/src/upload-client/', pathNot: '/node[.]ts$' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'explain-loads-no-signer',
      severity: 'error',
      from: { path: '^packages/middleware-cloudfront/src/explain/' },
      to: { path: '@aws-sdk|/src/(signer|middleware)[.]ts$', reachable: true },
    },
  ],
  options: {
    babelConfig: { fileName: 'scripts/typescript.babel.json' },
    doNotFollow: { path: 'node_modules/|dist/' },
    exclude: { path: '[.]test[.]ts$|^(packages|examples)/[^/]+/test/' },
  },
}
