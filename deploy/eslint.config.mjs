import root from '../eslint.config.mjs';

/** The rules of the repository; this package has its own dependencies, and so its own run. */
export default [{ ignores: ['cdk.out/', 'node_modules/'] }, ...root.filter((part) => part.ignores === undefined)];
