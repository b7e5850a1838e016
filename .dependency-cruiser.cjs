'use strict';

/** A folder that imports from itself and `known`, and from nowhere else. */
const knowsOnly = (name, folder, known) => ({
  name,
  severity: 'error',
  from: { path: folder },
  to: { pathNot: [folder, ...known] },
});

/** Packages that are imported in one place only. */
const only = (name, packages, where, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: where },
  to: { path: packages },
});

/** Dependencies point one way: domain <- ports <- (actors via kit | adapters | web) <- commands, apps. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'apps-do-not-know-commands',
      severity: 'error',
      from: { path: '^src/apps/' },
      to: { path: '^src/commands/' },
    },
    knowsOnly('domain-needs-nothing-but-itself', '^src/domain/', ['^src/errors\\.ts$', '^(node:)?(buffer|crypto)$']),
    knowsOnly('ports-know-only-the-domain', '^src/ports/', ['^src/domain/', '^src/errors\\.ts$']),
    knowsOnly('actors-use-domain-ports-and-kit', '^actors/', ['^src/(domain|ports|kit)/', '^src/(errors|log)\\.ts$']),
    knowsOnly('kit-stands-alone', '^src/kit/', ['^src/(errors|log)\\.ts$', 'node_modules/nact', '^util$']),
    {
      name: 'adapters-do-not-know-each-other-or-the-programs',
      severity: 'error',
      from: { path: '^src/(adapters|web)/' },
      to: { path: ['^src/(apps|commands|kit)/', '^actors/', '^src/(cli|config)\\.ts$'] },
    },
    {
      name: 'nothing-knows-commands-and-apps-but-the-cli',
      severity: 'error',
      from: { pathNot: ['^src/(apps|commands)/', '^src/cli\\.ts$', '^(test|scripts)/'] },
      to: { path: ['^src/(apps|commands)/'] },
    },
    only(
      'only-the-kit-imports-nact',
      'node_modules/nact/',
      ['^src/kit/', '^test/actors/kit/nact-traps'],
      'see src/kit',
    ),
    only(
      'only-aws-imports-the-aws-sdk',
      'node_modules/@aws-sdk/',
      ['^src/adapters/aws/', '^lambda/', '^deploy/', '^node_modules'],
      '',
    ),
    only('only-kafka-imports-kafkajs', 'node_modules/kafkajs/', ['^src/adapters/kafka/'], ''),
    { name: 'product-does-not-import-tests', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
