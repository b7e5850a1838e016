import fc from 'fast-check';
import type { LastLook } from './allowed';
import { commitFaults, type CommitFault } from '../decorators';
import { HOUR } from '../producing';
import { lineKinds, packings, type Packing, type Writing } from './contents';

/** The possible events of a run. */

export const KEYS = ['web-1/app.log', 'web-1/db.log', 'web-2/app.log'] as const;
export const checksumKinds = ['CRC64NVME', 'CRC32C', 'none'] as const;
export type ChecksumKind = (typeof checksumKinds)[number];

/** Changes of a file before its upload. A missing file is created. */
export type Edit = Writing &
  (
    | { readonly how: 'append' | 'same' | 'begin' | 'rotate' }
    | {
        readonly how: 'change byte' | 'change byte and append' | 'cut' | 'cut and grow' | 'drop lines';
        readonly at: number;
      }
  );

export interface Upload {
  readonly edit: Edit;
  readonly packing: Packing;
  readonly checksum: ChecksumKind;
}

export type Fault =
  | { readonly on: 'read'; readonly at: number; readonly code: ReadFaultCode; readonly times: number }
  | { readonly on: 'head' | 'versions' | 'append' | 'open writer' }
  | { readonly on: 'list'; readonly behind: number }
  | { readonly on: 'commit'; readonly how: CommitFault }
  | { readonly on: 'overwrite'; readonly when: 'before the read' | 'during the read'; readonly upload: Upload };
export type ReadFaultCode = 'OBJECT_STORE' | 'OBJECT_CHANGED' | 'OBJECT_STORE_DENIED';

export type Action =
  | { readonly type: 'put'; readonly source: number; readonly upload: Upload }
  | { readonly type: 'delete' | 'expire'; readonly source: number }
  | { readonly type: 'signal'; readonly source: number; readonly times: number }
  | { readonly type: 'signal for nothing' | 'reconcile' | 'settle' }
  | { readonly type: 'let time pass'; readonly ms: number }
  | { readonly type: 'restart'; readonly how: 'drain' | 'kill' | 'take over' }
  | { readonly type: 'fail'; readonly source: number; readonly fault: Fault }
  | { readonly type: 'check'; readonly how: LastLook };

export interface Setting {
  readonly versioned: boolean;
  readonly maxLineBytes: number;
  readonly batchBytes: number;
  readonly pieceBytes: number;
  readonly credit: number;
  readonly concurrency: number;
  readonly maxProofBytes: number;
  readonly maxReproofBytes: number;
  readonly forceFlushAfterMs: number;
  /** Time that passes with each reading of the clock. */
  readonly tickMs: number;
}

const MEBIBYTE = 1024 * 1024;

const writing = {
  lines: fc.array(fc.constantFrom(...lineKinds, 'plain' as const, 'plain' as const), { maxLength: 12 }),
  torn: fc.oneof(fc.constant(0), fc.nat({ max: 90 })),
};

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ how: fc.constant('append' as const), ...writing }) },
  { weight: 3, arbitrary: fc.record({ how: fc.constantFrom('same', 'begin', 'rotate'), ...writing }) },
  {
    weight: 5,
    arbitrary: fc.record({
      how: fc.constantFrom('change byte', 'change byte and append', 'cut', 'cut and grow', 'drop lines'),
      at: fc.nat({ max: 99 }),
      ...writing,
    }),
  },
);

const upload: fc.Arbitrary<Upload> = fc.record({
  edit,
  packing: fc.oneof(
    { weight: 6, arbitrary: fc.constant('plain' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...packings) },
  ),
  checksum: fc.constantFrom(...checksumKinds),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    on: fc.constant('read'),
    at: fc.oneof(fc.constant(0), fc.nat({ max: 1500 })),
    code: fc.constantFrom('OBJECT_STORE', 'OBJECT_CHANGED', 'OBJECT_STORE_DENIED'),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ on: fc.constantFrom('head', 'versions', 'append', 'open writer') }),
  fc.record({ on: fc.constant('list'), behind: fc.nat({ max: 2 }) }),
  fc.record({ on: fc.constant('commit'), how: fc.constantFrom(...commitFaults) }),
  fc.record({ on: fc.constant('commit'), how: fc.constantFrom(...commitFaults) }),
  fc.record({ on: fc.constant('overwrite'), when: fc.constantFrom('before the read', 'during the read'), upload }),
  fc.record({ on: fc.constant('overwrite'), when: fc.constantFrom('before the read', 'during the read'), upload }),
);

const source = fc.oneof(fc.constant(0), fc.nat({ max: KEYS.length - 1 }));

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('put'), source, upload }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete'), source }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire'), source }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('signal'), source, times: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('signal for nothing', 'reconcile', 'settle', 'settle') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('let time pass'),
      ms: fc.constantFrom(HOUR, 7 * HOUR, 25 * HOUR, 200 * HOUR),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('restart'), how: fc.constantFrom('drain', 'kill', 'take over') }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('fail'), source, fault }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('check'), how: fc.constantFrom('signals', 'listing') }) },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  versioned: fc.boolean(),
  maxLineBytes: fc.constantFrom(256 * 1024, 300),
  batchBytes: fc.constantFrom(500, 2_000, 900_000),
  pieceBytes: fc.constantFrom(50, 700, 64 * 1024),
  credit: fc.constantFrom(1, 2, 4),
  concurrency: fc.constantFrom(1, 3),
  maxProofBytes: fc.constantFrom(64, 8 * MEBIBYTE),
  maxReproofBytes: fc.constantFrom(0, 256 * MEBIBYTE),
  forceFlushAfterMs: fc.constantFrom(24 * HOUR, 24 * HOUR, 6 * HOUR, 0),
  tickMs: fc.constantFrom(0, 5, 300),
});

export interface Schedule {
  readonly setting: Setting;
  readonly actions: readonly Action[];
}

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  setting,
  actions: fc.array(action, { minLength: 1, maxLength: 30, size: 'max' }),
});
