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

/** What every pure folder may import besides others below it. */
const PURE_BASE = [
  '^src/(errors|glob|json-fields|nearest|escape-controls|pluralize|redact|secret)\\.ts$',
  '^src/html/',
  'node_modules/zod/',
  '^(node:)?(buffer|crypto)$',
];
/** The kinds of values in a configuration: pipelines declare their own keys with them. */
const CONFIG_FIELDS = '^src/config/(fields|mail-address|receivers)\\.ts$';
const PURE = '^src/(doctor|html|records|lines|ingestion|stream|pipelines|generator)/';

/** Dependencies point one way: pure folders <- ports <- (actors via kit | adapters | web) <- commands, apps. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'apps-do-not-know-commands',
      severity: 'error',
      from: { path: '^src/apps/' },
      to: { path: '^src/commands/' },
    },
    // The pure folders, each with those below it: no I/O, no clock, time is data.
    knowsOnly('records-stand-alone', '^src/records/', PURE_BASE),
    knowsOnly('lines-know-records', '^src/lines/', ['^src/records/', ...PURE_BASE]),
    knowsOnly('ingestion-knows-lines', '^src/ingestion/', ['^src/(lines|records)/', ...PURE_BASE]),
    knowsOnly('stream-knows-lines', '^src/stream/', ['^src/(lines|records)/', ...PURE_BASE]),
    knowsOnly('generator-stands-alone', '^src/generator/', PURE_BASE),
    knowsOnly('doctor-stands-alone', '^src/doctor/', PURE_BASE),
    {
      name: 'pipelines-are-pure-and-know-no-other',
      severity: 'error',
      from: { path: '^src/pipelines/([^/]+)/' },
      to: { pathNot: ['^src/pipelines/$1/', '^src/(stream|lines|records)/', CONFIG_FIELDS, ...PURE_BASE] },
    },
    knowsOnly('ports-know-only-pure-folders', '^src/ports/', [PURE, '^src/errors\\.ts$']),
    knowsOnly('actors-use-pure-folders-ports-and-kit', '^actors/', [
      PURE,
      '^src/(ports|kit)/',
      '^src/(errors|log|counters|decisions|trace)\\.ts$',
    ]),
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
      from: {
        pathNot: ['^src/(apps|commands)/', '^src/cli\\.ts$', '^src/cli/[a-z]+-commands\\.ts$', '^(test|scripts)/'],
      },
      to: { path: ['^src/(apps|commands)/'] },
    },
    only(
      'only-programs-import-the-list-of-pipelines',
      '^src/pipelines/index\\.ts$',
      ['^src/(apps|commands)/', '^src/cli\\.ts$', '^test/'],
      'everything else is handed what it needs of a pipeline',
    ),
    only(
      'only-the-kit-imports-nact',
      'node_modules/nact/',
      ['^src/kit/', '^test/actors/kit/nact-traps'],
      'see src/kit',
    ),
    only(
      'only-aws-imports-the-aws-sdk',
      'node_modules/@aws-sdk/',
      ['^src/adapters/aws/', '^src/adapters/receivers/ses\\.ts$', '^lambda/', '^deploy/', '^node_modules'],
      '',
    ),
    only('only-one-file-imports-kafkajs', 'node_modules/kafkajs/', ['^src/adapters/kafka/kafkajs\\.ts$'], ''),
    { name: 'product-does-not-import-tests', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
