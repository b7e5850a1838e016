'use strict';

const { transform } = require('../jest.config');

module.exports = {
  testEnvironment: 'node',
  transform,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Two cores; a stack takes a second to make.
  maxWorkers: 2,
  testTimeout: 60_000,
};
