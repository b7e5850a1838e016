'use strict';

const transform = {
  '^.+\\.(ts|mjs)$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript' },
        target: 'es2023',
        // As in tsconfig.json.
        transform: { useDefineForClassFields: false },
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    },
  ],
};

/** What `npm test` runs: embedded parts only. Real parts live in test/real (see `npm run test:real`). */
module.exports = {
  testEnvironment: 'node',
  transform,
  // An ES module only.
  transformIgnorePatterns: ['/node_modules/(?!zstddec/)'],
  // `import()` names the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'] },
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: process.env.TELLTALE_TEST_REAL ? [] : ['/test/real/', '/test/chaos/'],
  // One for each of two cores: by itself jest leaves one of them free.
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/longest-first.js',
  // No test measures time: a machine at half speed must not fail.
  testTimeout: 60_000,
};
