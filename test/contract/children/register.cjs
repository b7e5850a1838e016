// Lets `node --require` run the TypeScript of tests and sources as it is, with the same transform as jest.
'use strict';

const Module = require('node:module');
const { transformFileSync } = require('@swc/core');

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  swcrc: false,
};

require.extensions['.ts'] = (loaded, path) => loaded._compile(transformFileSync(path, options).code, path);

// `import()` names the compiled file, as in `moduleNameMapper` of jest.config.js.
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  try {
    return resolveFilename(request, parent, ...rest);
  } catch (error) {
    const source = /^(\.{1,2}\/.*)\.js$/.exec(request);
    if (source === null || error.code !== 'MODULE_NOT_FOUND' || !parent?.filename?.endsWith('.ts')) throw error;
    return resolveFilename(`${source[1]}.ts`, parent, ...rest);
  }
};
