import fc from 'fast-check';
import type { Crc64 } from '../../../../src/ingestion/byte-sum';
import { runs } from '../../../support/runs';
import { auditOf, loadCrc64, sourceOf, type AuditedSource, type Line, type Upload } from './audited-source';

let crc64: Crc64;
beforeAll(async () => {
  crc64 = await loadCrc64();
});

const bytesOfLine = fc.array(fc.constantFrom('a', 'é', '\r', '\0', ' ', '\u{1f600}'), { maxLength: 12 });
const content = fc
  .record({
    bom: fc.boolean(),
    lines: fc.array(fc.tuple(bytesOfLine, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 12 }),
    tail: bytesOfLine,
  })
  .map(({ bom, lines, tail }) => Buffer.from(`${bom ? '\ufeff' : ''}${lines.flat(2).join('')}${tail.join('')}`));

/** Any split of the content into uploads, and any silence of its source. */
const uploads = fc
  .tuple(content, fc.array(fc.tuple(fc.nat({ max: 120 }), fc.boolean()), { maxLength: 6 }), fc.boolean())
  .map(([bytes, cuts, isSilent]): Upload[] => {
    const sorted = [...cuts].sort(([a], [b]) => a - b);
    let from = 0;
    const parts = sorted.map(([to, silent]) => {
      const part = { bytes: bytes.subarray(from, to), isSilent: silent };
      from = Math.max(from, to);
      return part;
    });
    return [...parts, { bytes: bytes.subarray(from), isSilent }];
  });

const sources = fc.record({
  uploads,
  limits: fc.record({ maxLineBytes: fc.constantFrom(3, 8, 1000), batchBytes: fc.constantFrom(400, 900_000) }),
});

/** Equal bytes beside the cut of a line may have been dropped: a tampered ledger can be true as well. */
const uncutSources = sources.map(({ uploads, limits }) => ({
  uploads: uploads.map((upload) => ({ ...upload, isSilent: false })),
  limits: { ...limits, maxLineBytes: 1000 },
}));

const read = ({
  uploads,
  limits,
}: {
  uploads: readonly Upload[];
  limits: Parameters<typeof sourceOf>[2];
}): AuditedSource => sourceOf(uploads, crc64, limits);

/** The same source after tampering; null when that is impossible. */
type Tampering = (source: AuditedSource, pick: number) => AuditedSource | null;

const withLines =
  (change: (lines: readonly Line[], i: number) => readonly Line[] | null): Tampering =>
  (source, pick) => {
    const lines = source.lines.length === 0 ? null : change(source.lines, pick % source.lines.length);
    return lines === null ? null : { ...source, lines };
  };

const withLine = (change: (line: Line, i: number) => Partial<Line> | null): Tampering =>
  withLines((lines, i) => {
    const line = lines[i];
    const changed = line === undefined ? null : change(line, i);
    return line === undefined || changed === null ? null : lines.with(i, { ...line, ...changed });
  });

const withSums =
  (change: Partial<Record<'published' | 'dropped' | 'skipped', number>>): Tampering =>
  (source) => {
    const { sums } = source.claim;
    const { published = 0, dropped = 0, skipped = 0 } = change;
    const changed = {
      published: sums.published + published,
      dropped: sums.dropped + dropped,
      skipped: sums.skipped + skipped,
    };
    if (Math.min(changed.published, changed.dropped, changed.skipped) < 0) return null;
    return { ...source, claim: { ...source.claim, sums: changed } };
  };

const withOffset =
  (by: number): Tampering =>
  (source) => {
    const { claim } = source;
    return claim.offset + by < 0 ? null : { ...source, claim: { ...claim, offset: claim.offset + by } };
  };

const tamperings: Readonly<Record<string, Tampering>> = {
  'a line is missing': withLines((lines, i) => lines.toSpliced(i, 1)),
  'a line is there twice': withLines((lines, i) => [...lines.slice(0, i + 1), ...lines.slice(i)]),
  'two lines have changed places': withLines((lines, i) => {
    const [a, b] = [lines[i], lines[i + 1]];
    return a === undefined || b === undefined ? null : lines.with(i, b).with(i + 1, a);
  }),
  'a byte of a line is another': withLine(({ value }) => {
    const changed = Buffer.from(value);
    const byte = changed[0];
    if (byte === undefined) return null;
    changed[0] = byte ^ 1;
    return { value: changed };
  }),
  'a line is shorter': withLine(({ value }) => (value.length === 0 ? null : { value: value.subarray(1) })),
  'a line is further on': withLine(({ at }) => ({ at: at + 1 })),
  'a line is further back': withLine(({ at }) => (at === 0 ? null : { at: at - 1 })),
  'a line is of another generation': withLine(({ generation }) => ({ generation: generation + 1 })),
  'a line is of another origin': withLine(() => ({ origin: 'host-2' })),
  'the ledger says that more was published': withSums({ published: 1, dropped: -1 }),
  'the ledger says that less was published': withSums({ published: -1, dropped: 1 }),
  'the ledger says that more was published than is': withSums({ published: 1 }),
  'the ledger says that something was skipped': withSums({ published: -1, skipped: 1 }),
  'the checkpoint is further on': withOffset(1),
  'the checkpoint is further back': withOffset(-1),
  'the checkpoint is of another generation': (source) =>
    source.lines.length === 0 ? null : { ...source, claim: { ...source.claim, generation: 1 } },
  'the checkpoint has another checksum': (source) => ({
    ...source,
    claim: { ...source.claim, crc64: source.claim.crc64 === 'f'.repeat(16) ? '0'.repeat(16) : 'f'.repeat(16) },
  }),
};

describe('audit', () => {
  it('holds for any content in any pieces', () => {
    fc.assert(
      fc.property(sources, (given) => {
        const source = read(given);
        const audited = auditOf(source, crc64);
        expect(audited).toMatchObject({ ok: true });
        // Also without the object, with only topic and checkpoint.
        expect(auditOf({ ...source, object: null }, crc64)).toMatchObject({ ok: true });
        const wasCut = source.lines.some(({ flags }) => flags !== 0);
        if (!wasCut) expect(auditOf({ ...source, object: null }, crc64)).toMatchObject({ proof: 'content' });
      }),
      { numRuns: runs(150) },
    );
  });

  it('ignores level and time of a line', () => {
    fc.assert(
      fc.property(sources, fc.nat(), (given, pick) => {
        const changed = withLine(({ level }) => ({ level: (level + 1) % 7 }))(read(given), pick);
        fc.pre(changed !== null);
        expect(auditOf(changed, crc64)).toMatchObject({ ok: true });
      }),
    );
  });

  it.each(Object.entries(tamperings))('notices that %s', (_, tamper) => {
    fc.assert(
      fc.property(uncutSources, fc.nat(), (given, pick) => {
        const tampered = tamper(read(given), pick);
        fc.pre(tampered !== null);
        expect(auditOf(tampered, crc64).ok).toBe(false);
      }),
      { numRuns: runs(50) },
    );
  });
});
