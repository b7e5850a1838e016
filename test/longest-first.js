'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/** The test that takes most of a minute runs beside all others, not after them. */
module.exports = class extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => path.includes('/test/actors/model/ingestion');
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
