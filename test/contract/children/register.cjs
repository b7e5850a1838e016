// Lets `node --require` run the TypeScript of tests and sources as it is, with the same transform as jest.
'use strict';

const { transformFileSync } = require('@swc/core');

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  swcrc: false,
};

require.extensions['.ts'] = (loaded, path) => loaded._compile(transformFileSync(path, options).code, path);
