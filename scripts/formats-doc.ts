/** Writes docs/formats.md from the tables in src/lines: `npm run formats-doc`. A test compares the two. */
import { writeFileSync } from 'node:fs';
import { formatsPage } from './formats-page';

writeFileSync('docs/formats.md', formatsPage());
