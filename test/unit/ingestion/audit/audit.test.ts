import { bytesToRead, createByteReader, withoutClaim } from '../../../../src/ingestion/audit/audit';
import type { Crc64 } from '../../../../src/ingestion/byte-sum';
import type { Claim } from '../../../../src/ingestion/audit/claim';
import { formatCrc } from '../../../../src/ingestion/crc-combine';
import { TopicLedger } from '../../../../src/ingestion/audit/topic-ledger';
import { initialRecognition } from '../../../../src/lines/recognition';
import { auditOf, batchesOf, loadCrc64, sourceOf, type AuditedSource } from './audited-source';

let crc64: Crc64;
beforeAll(async () => {
  crc64 = await loadCrc64();
});

const text = 'one\ntwo\r\n\nthree\nand mo';

function source(content: string | Buffer = text, maxLineBytes = 1000): AuditedSource {
  return sourceOf([{ bytes: Buffer.from(content), isSilent: false }], crc64, { maxLineBytes, batchBytes: 900_000 });
}

const claiming = (given: AuditedSource, change: Partial<Claim>): AuditedSource => ({
  ...given,
  claim: { ...given.claim, ...change },
});

const otherByte = (given: AuditedSource, i: number): AuditedSource => ({
  ...given,
  lines: given.lines.map((line, at) =>
    at === i ? { ...line, value: Buffer.from('?'.repeat(line.value.length)) } : line,
  ),
});

describe('audit of a source', () => {
  it('accounts for each byte', () => {
    expect(auditOf(source(), crc64)).toEqual({
      source: 'logs/host-1/app.log',
      generation: 0,
      size: 22,
      published: 16,
      held: 6,
      dropped: 0,
      skipped: 0,
      quarantined: 0,
      possibleGap: 0,
      ok: true,
      proof: 'content',
    });
  });

  it.each([
    ['nothing', ''],
    ['a BOM', '\ufeff'],
    ['a BOM before its lines', `\ufeff${text}`],
    ['no terminator', 'abc'],
    ['an empty line', '\n'],
    ['an empty line after CR', '\r\r\n\r\n'],
  ])('proves a source with %s by topic and checkpoint alone', (_, content) => {
    expect(auditOf({ ...source(content), object: null }, crc64)).toMatchObject({ ok: true, proof: 'content' });
  });

  describe('when overlong lines were cut', () => {
    const cut = (): AuditedSource => source('short\nmuch too long\r\nshort\nno end in sight', 6);

    it('proves the rest by the object', () => {
      expect(auditOf(cut(), crc64)).toMatchObject({ ok: true, proof: 'content', dropped: 18 });
      expect(auditOf(otherByte(cut(), 2), crc64)).toMatchObject({
        ok: false,
        problem: 'the lines in the topic are not those of the object',
      });
      expect(auditOf(claiming(cut(), { crc64: '0'.repeat(16) }), crc64)).toMatchObject({
        ok: false,
        problem: "the object's bytes are not those that the checkpoint covers",
      });
    });

    it('proves only positions without the object', () => {
      expect(auditOf({ ...cut(), object: null }, crc64)).toMatchObject({ ok: true, proof: 'positions' });
      const missing = { ...cut(), object: null, lines: cut().lines.toSpliced(2, 1) };
      expect(auditOf(missing, crc64)).toMatchObject({ ok: false, problem: '6 of 24 published bytes are in no line' });
    });
  });

  describe('when retention has taken the first lines', () => {
    const late = (given = source()): AuditedSource => ({ ...given, lines: given.lines.slice(1) });

    it('proves the others by the object', () => {
      expect(auditOf(late(), crc64, { retained: false })).toMatchObject({ ok: true, proof: 'content' });
      expect(auditOf(otherByte(late(), 2), crc64, { retained: false })).toMatchObject({ ok: false });
    });

    it('proves only positions without the object', () => {
      expect(auditOf({ ...late(), object: null }, crc64, { retained: false })).toMatchObject({
        ok: true,
        proof: 'positions',
      });
    });

    it('proves the ledger alone when all are gone', () => {
      expect(auditOf({ ...source(), lines: [] }, crc64, { retained: false })).toMatchObject({
        ok: true,
        proof: 'ledger',
      });
      expect(auditOf({ ...source(), lines: [] }, crc64)).toMatchObject({
        ok: false,
        problem: '16 of 16 published bytes are in no line',
      });
    });

    it('fails when a line of an earlier generation is still there', () => {
      const lines = source().lines.map((line) => ({ ...line, generation: 1 }));
      const second = claiming({ ...source(), lines: [...source().lines, ...lines] }, { generation: 1 });
      expect(auditOf(second, crc64)).toMatchObject({ ok: true, generation: 1, proof: 'content' });
      const missing = { ...second, lines: second.lines.toSpliced(source().lines.length, 1) };
      expect(auditOf(missing, crc64, { retained: false })).toMatchObject({ ok: false });
    });
  });

  it('proves a source with a skipped beginning by the object', () => {
    const { claim, ...rest } = source();
    const skipped = {
      ...rest,
      claim: { ...claim, crc64: null, sums: { published: 12, dropped: 0, skipped: 4 } },
      lines: rest.lines.slice(1),
    };
    expect(auditOf(skipped, crc64)).toMatchObject({ ok: true, proof: 'content', skipped: 4 });
    expect(auditOf(otherByte(skipped, 0), crc64)).toMatchObject({ ok: false });
    expect(auditOf({ ...skipped, object: null }, crc64)).toMatchObject({ ok: true, proof: 'positions' });
  });

  it('proves a tail by the object when the checkpoint holds only a part', () => {
    const held = { length: 2, crc64: crc64(Buffer.from('an')) };
    expect(auditOf(claiming(source(), { held }), crc64)).toMatchObject({ ok: true, proof: 'content', held: 6 });
    expect(auditOf(claiming({ ...source(), object: null }, { held }), crc64)).toMatchObject({ proof: 'positions' });
    expect(auditOf(claiming(source(), { held, crc64: '0'.repeat(16) }), crc64)).toMatchObject({ ok: false });
  });

  it('compares the store’s checksum only with one of the same bytes', () => {
    const whole = { size: 22, etag: '"1"', lastModified: 0 };
    const judged = (
      checksum: { algorithm: 'CRC64NVME' | 'CRC32'; value: string },
      change: Partial<Claim> = {},
    ): unknown => auditOf(claiming(source(), change), crc64, { read: { ...whole, checksum } }).problem;
    expect(judged({ algorithm: 'CRC64NVME', value: source().claim.crc64 ?? '' })).toBeUndefined();
    expect(judged({ algorithm: 'CRC64NVME', value: '1'.repeat(16) })).toMatch(
      /^the object's checksum is 1+, the check/,
    );
    // A checksum of a part of the object, or of compressed bytes.
    expect(judged({ algorithm: 'CRC64NVME', value: '1'.repeat(16) }, { whole: false })).toBeUndefined();
    expect(judged({ algorithm: 'CRC64NVME', value: '1'.repeat(16) }, { encoding: 'gzip' })).toBeUndefined();
    const crc32 = { algorithm: 'CRC32', value: '12345678' } as const;
    expect(judged(crc32)).toBeUndefined();
    expect(judged(crc32, { crc32 })).toBeUndefined();
    expect(judged({ ...crc32, value: '12345679' }, { crc32 })).toMatch(/checksum is 12345679/);
    expect(judged({ ...crc32, value: '12345679' }, { crc32: { ...crc32, algorithm: 'CRC32C' } })).toBeUndefined();
  });

  it('does not treat compressed bytes as content', () => {
    const gzip = claiming(source(), { encoding: 'gzip', objectSize: 7 });
    expect(auditOf(gzip, crc64)).toMatchObject({ ok: true, proof: 'content' });
    const late = { ...gzip, lines: gzip.lines.slice(1) };
    expect(auditOf(late, crc64, { retained: false })).toMatchObject({ ok: true, proof: 'positions' });
  });

  it.each([
    ['more bytes', { size: 30, etag: '"2"' }, 8],
    ['other content', { size: 5, etag: '"2"' }, 5],
    ['other content of the same size', { size: 22, etag: '"2"' }, 22],
    ['nothing new', { size: 22, etag: '"1"' }, undefined],
  ])('counts the unread bytes of an object with %s', (_, newest, behind) => {
    expect(auditOf(source(), crc64, { newest: { ...newest, lastModified: 0 } })).toMatchObject({ ok: true });
    expect(auditOf(source(), crc64, { newest: { ...newest, lastModified: 0 } }).behind).toBe(behind);
  });

  it('counts all bytes of another compressed object', () => {
    const gzip = claiming(source(), { encoding: 'gzip' });
    expect(auditOf(gzip, crc64, { newest: { size: 30, etag: '"2"', lastModified: 0 } })).toMatchObject({ behind: 30 });
  });

  it('counts the unread bytes of an object that was read in part', () => {
    const part = claiming(source(), { whole: false, objectSize: 100 });
    const newest = { size: 100, etag: '"1"', lastModified: 0 };
    expect(auditOf(part, crc64, { newest })).toMatchObject({ ok: true, behind: 78 });
  });

  it('counts an object in quarantine separately, and not as unread', () => {
    const quarantine = { etag: '"2"', size: 1000, versionId: null, lastModified: 2, reason: 'utf-16' } as const;
    const newest = { size: 1000, etag: '"2"', lastModified: 0 };
    const audited = auditOf(claiming(source(), { quarantine }), crc64, { newest });
    expect(audited).toMatchObject({ ok: true, size: 1022, quarantined: 1000, quarantine: 'utf-16' });
    expect(audited).not.toHaveProperty('behind');
  });

  it('reports deleted objects', () => {
    expect(auditOf({ ...source(), object: null }, crc64, { newest: null })).toMatchObject({ ok: true, deleted: true });
    const ended = auditOf(claiming({ ...source(), object: null }, { ended: 1 }), crc64, { newest: null });
    expect(ended).toMatchObject({ ok: true, ended: true });
    expect(ended).not.toHaveProperty('deleted');
  });

  it('skips lines that may be newer than the checkpoint, and reports the others', () => {
    const line = { generation: 0, at: 16, value: Buffer.from('new'), flags: 0, level: 0, origin: 'host-1' };
    for (const newer of [line, { ...line, generation: 1, at: 0 }]) {
      const given = { ...source(), lines: [...source().lines, newer] };
      expect(auditOf(given, crc64, { settled: false })).toMatchObject({ ok: true, proof: 'content' });
      expect(auditOf(given, crc64, { settled: true })).toMatchObject({
        ok: false,
        problem:
          newer.generation === 0
            ? 'the line at 0:16 lies after the end of its checkpoint'
            : 'the line at 1:0 is of a later generation than the checkpoint',
      });
    }
  });

  it('reports a line of another origin', () => {
    const lines = source().lines.map((line) => ({ ...line, origin: 'host-2' }));
    expect(auditOf({ ...source(), lines }, crc64).problem).toBe(
      'a line of 0:0 has the origin "host-2", the source has "host-1"',
    );
  });

  it('reports repeated lines of an earlier generation', () => {
    const lines = source().lines.map((line) => ({ ...line, generation: 1 }));
    const [first] = source().lines;
    expect(first).toBeDefined();
    const twice = { ...source(), lines: [...source().lines.slice(0, 1), ...source().lines, ...lines] };
    expect(auditOf(claiming(twice, { generation: 1 }), crc64)).toMatchObject({
      ok: false,
      problem: 'the line at 0:0 is there twice, or begins inside of the one before',
    });
  });

  it.each([
    ['is longer', {}, { size: 30 }, 'the object has 30 bytes, 22 by the checkpoint'],
    ['is shorter', {}, { size: 5 }, 'the object has 5 bytes, 22 by the checkpoint'],
    ['was not read to its end', { objectSize: 30 }, { size: 30 }, 'the object has 30 bytes, 22 were read'],
  ])('reports an object that %s than the checkpoint says', (_, change, read, problem) => {
    const object = { etag: '"1"', lastModified: 0, ...read };
    expect(auditOf(claiming(source(), change), crc64, { read: object }).problem).toBe(problem);
    // An object that is still being read may have any size.
    expect(auditOf(claiming(source(), { ...change, whole: false }), crc64, { read: object }).problem).toBeUndefined();
  });

  it('reports lines that do not match the sums', () => {
    const sums = { published: 12, dropped: 4, skipped: 0 };
    expect(auditOf(claiming(source(), { sums }), crc64)).toMatchObject({
      ok: false,
      proof: 'positions',
      problem: "the topic's lines cover 16 bytes and leave out 0; 12 were published and 4 dropped",
    });
    const cut = claiming(source('short\nmuch too long\r\nshort\nno end in sight', 6), {
      sums: { published: 30, dropped: 12, skipped: 0 },
    });
    expect(auditOf(cut, crc64, { retained: false })).toMatchObject({
      ok: false,
      proof: 'positions',
      problem: "the topic's lines cover 24 bytes and leave out 18; 30 were published and 12 dropped",
    });
  });

  it('reports lines that are not the bytes of the checksum', () => {
    const changed = otherByte({ ...source(), object: null }, 1);
    const { problem, proof, ok } = auditOf(changed, crc64);
    expect([ok, proof]).toEqual([false, 'positions']);
    expect(problem).toBe(
      'the lines in the topic are not the bytes that were read: their checksum is ' +
        `${formatCrc('CRC64NVME', crc64(Buffer.from('one\n???\r\n\nthree\nand mo')))}, ` +
        `the checkpoint says ${changed.claim.crc64 ?? ''}`,
    );
  });

  it('reports each problem', () => {
    const sums = { published: 16, dropped: 1, skipped: 0 };
    const read = { size: 30, etag: '"1"', lastModified: 0 };
    expect(auditOf(claiming(source(), { sums }), crc64, { read }).problem).toBe(
      '16 bytes published, 1 dropped and 0 skipped make 17, the checkpoint stands at 16 of 22; ' +
        'the object has 30 bytes, 22 by the checkpoint',
    );
  });

  it('shows how many lines were not understood', () => {
    const recognition = { ...initialRecognition, lines: 4, unparsed: 1 };
    expect(auditOf(claiming(source(), { recognition }), crc64)).toMatchObject({ ok: true, notUnderstood: recognition });
    expect(auditOf(source(), crc64)).not.toHaveProperty('notUnderstood');
  });

  it('reports lines of a generation after a later one', () => {
    const lines = source().lines.map((line) => ({ ...line, generation: 1 }));
    const mixed = claiming({ ...source(), lines: [...lines, ...source().lines] }, { generation: 1 });
    expect(auditOf(mixed, crc64)).toMatchObject({ ok: false, problem: 'the line at 0:0 comes after generation 1' });
  });

  it('refuses sums that do not add up', () => {
    const sums = { published: 16, dropped: 1, skipped: 0 };
    expect(auditOf(claiming(source(), { sums }), crc64).problem).toBe(
      '16 bytes published, 1 dropped and 0 skipped make 17, the checkpoint stands at 16 of 22',
    );
  });
});

describe('withoutClaim', () => {
  const nothing = { generation: 0, size: 0, published: 0, held: 0, dropped: 0, skipped: 0, quarantined: 0 };

  it.each([
    [{ behind: 5 }, true],
    [{ problem: 'cannot be decoded' }, false],
  ])('is the result of a source of which nothing is known: %j', (about, ok) => {
    expect(withoutClaim('b/k', about)).toEqual({
      ...{ source: 'b/k', possibleGap: 0, proof: 'ledger', ok },
      ...nothing,
      ...about,
    });
  });
});

describe('the bytes to read', () => {
  /** For lines of the source that are in the topic: all by default. */
  function range(given: AuditedSource, lines = given.lines): unknown {
    const ledger = new TopicLedger(new Map([[given.claim.source, given.claim]]), 0, crc64);
    for (const batch of batchesOf(given.claim.source, lines)) {
      ledger.add('logs', { batch, timestamp: 0, nextOffset: 0 }, true);
    }
    return bytesToRead(given.claim, ledger.factsOf(given.claim));
  }

  it('are not needed when the topic and the checkpoint prove the content', () => {
    expect(range(source())).toBeNull();
  });

  it.each<[string, (given: AuditedSource) => AuditedSource, unknown]>([
    ['all, without a checksum', (given) => claiming(given, { crc64: null }), { from: 0, to: 22, offset: 16, gaps: [] }],
    [
      'those after the first line in the topic',
      (given) => ({ ...given, lines: given.lines.slice(1) }),
      { from: 4, to: 22, offset: 16, gaps: [] },
    ],
    [
      'the held ones, where nothing else was read',
      () => claiming(source('abc'), { crc64: null }),
      { from: 0, to: 3, offset: 0, gaps: [] },
    ],
    [
      'those around a beginning that was dropped',
      (given) =>
        claiming({ ...given, lines: given.lines.slice(1) }, { sums: { published: 12, dropped: 4, skipped: 0 } }),
      { from: 0, to: 22, offset: 16, gaps: [{ from: 0, to: 4 }] },
    ],
    [
      'those after a beginning that was skipped',
      (given) =>
        claiming({ ...given, lines: given.lines.slice(1) }, { sums: { published: 12, dropped: 0, skipped: 4 } }),
      { from: 4, to: 22, offset: 16, gaps: [] },
    ],
    [
      'those around three bytes that were dropped after a skipped beginning',
      (given) =>
        claiming({ ...given, lines: given.lines.slice(1) }, { sums: { published: 12, dropped: 3, skipped: 1 } }),
      { from: 1, to: 22, offset: 16, gaps: [{ from: 1, to: 4 }] },
    ],
    ['none without a line', (given) => ({ ...given, lines: [] }), null],
    ['none of a compressed object', (given) => claiming(given, { crc64: null, encoding: 'gzip' }), null],
    [
      'none when a line is there twice',
      (given) => ({ ...given, lines: [...given.lines, ...given.lines].toSpliced(1, 1) }),
      null,
    ],
    [
      'none when the topic has more than was published',
      (given) => claiming(given, { sums: { published: 12, dropped: 4, skipped: 0 } }),
      null,
    ],
  ])('are %s', (_, change, expected) => {
    const given = change(source());
    expect(range(given)).toEqual(expected);
  });

  it('are not needed when bytes after a cut line may be terminators or dropped', () => {
    const uploads = ['a tail', '\nand its rest\n'].map((content, i) => ({
      bytes: Buffer.from(content),
      isSilent: i === 0,
    }));
    const given = sourceOf(uploads, crc64);
    const { published } = given.claim.sums;
    const one = claiming(given, { sums: { published: published - 1, dropped: 1, skipped: 0 } });
    expect(range(one)).toBeNull();
    // Lines are missing, and one byte may be either.
    expect(range(claiming(given, { sums: { published: published + 2, dropped: 0, skipped: 0 } }))).toBeNull();
    expect(auditOf(one, crc64)).toMatchObject({ ok: true, proof: 'positions' });
    const two = claiming(given, { sums: { published: published - 2, dropped: 2, skipped: 0 } });
    expect(auditOf(two, crc64)).toMatchObject({ ok: false });
  });

  it('leave out dropped bytes', () => {
    expect(range(source('short\nmuch too long\r\nshort\nno end in sight', 6))).toMatchObject({
      from: 0,
      gaps: [
        { from: 12, to: 21 },
        { from: 33, to: 42 },
      ],
    });
  });
});

describe('topic ledger', () => {
  it('reports sources without a checkpoint, except those with lines past retention', () => {
    const lines = (name: string, timestamp: number): Parameters<TopicLedger['add']>[1] => ({
      batch: {
        source: name,
        origin: '',
        generation: 0,
        count: 0,
        bytes: Buffer.alloc(0),
        starts: new Uint32Array(),
        ends: new Uint32Array(),
        offsets: new Float64Array(),
        times: new Float64Array(),
        levels: new Uint8Array(),
        flags: new Uint8Array(),
        lengths: new Map(),
      },
      timestamp,
      nextOffset: 0,
    });
    const ledger = new TopicLedger(new Map(), 100, crc64);
    ledger.add('logs', lines('old', 99), true);
    ledger.add('logs', lines('lost', 100), true);
    ledger.add('logs', lines('new', 100), false);
    expect(ledger.unclaimed()).toEqual(['lost']);
  });

  it("reports a line in a topic other than its source's", () => {
    const given = source('one\n', 100);
    const audited = auditOf(given, crc64, { topic: 'events' });
    expect(audited).toMatchObject({
      ok: false,
      problem: `the line at 0:0 is in the topic events, the source's lines go to logs`,
    });
  });

  it('sums many sources at once in bounded memory', () => {
    const given = source(`${'x'.repeat(30_000)}\n`.repeat(2), 100_000);
    const claims = Array.from({ length: 600 }, (_, i) => ({ ...given.claim, source: `logs/${i}` }));
    const ledger = new TopicLedger(new Map(claims.map((claim) => [claim.source, claim])), 0, crc64);
    for (const at of [0, 30_001]) {
      for (const { source: name } of claims) {
        ledger.add(
          'logs',
          {
            batch: {
              source: name,
              origin: 'host-1',
              generation: 0,
              count: 1,
              bytes: Buffer.alloc(30_000, 'x'),
              starts: Uint32Array.of(0),
              ends: Uint32Array.of(30_000),
              offsets: Float64Array.of(at),
              times: Float64Array.of(0),
              levels: Uint8Array.of(0),
              flags: Uint8Array.of(0),
              lengths: new Map(),
            },
            timestamp: 1,
            nextOffset: 0,
          },
          true,
        );
      }
    }
    for (const claim of claims) {
      expect(formatCrc('CRC64NVME', ledger.factsOf(claim).content.crc64)).toBe(given.claim.crc64);
    }
  });
});

describe('byte reader', () => {
  it('leaves out dropped and held bytes, in any pieces', () => {
    const bytes = Buffer.from('0123456789abcdef');
    for (let step = 1; step <= bytes.length; step++) {
      const reader = createByteReader({ from: 2, to: 14, offset: 11, gaps: [{ from: 4, to: 5 }, { from: 7, to: 9 }] }, crc64); // prettier-ignore
      for (let i = 2; i < bytes.length; i += step) reader.push(bytes.subarray(i, i + step));
      expect(reader.finish()).toEqual({ published: crc64(Buffer.from('23569a')), all: crc64(bytes.subarray(2, 14)) });
    }
  });
});
