import { stringify } from 'yaml';
import { formLines, formObject, proposalLines, type CheckedFiles, type Proposal } from '../apps/form-report';
import { guessFormat } from '../apps/guess-pattern';
import { scanOptions } from '../apps/jobs';
import { keyGlob } from '../apps/key-glob';
import { readLogInputs, scanInput, type LogInput } from '../apps/log-inputs';
import { refuseUnreadable } from '../apps/unreadable';
import type { Config } from '../config';
import { escapeControls } from '../escape-controls';
import { compileGlob } from '../glob';
import { splitSourceId } from '../ingestion/source-id';
import type { Io } from '../io';
import { FormTally, mergeForms, type FoundForms } from '../lines/form-tally';
import { initialRecognition, isLoudShare, isPoorlyUnderstood, notUnderstood } from '../lines/recognition';

export interface CheckOptions {
  /** Files, folders, or `-` for standard input. */
  readonly paths: readonly string[];
  readonly json: boolean;
}

/** Files whose names differ in dates and numbers only. */
interface Group {
  readonly first: LogInput;
  readonly keys: string;
  files: number;
  poor: string[];
  poorFiles: number;
  found: FoundForms;
  /** The first files with lines that may need a format. */
  readonly unclear: { readonly input: LogInput; readonly found: FoundForms }[];
}

/** Maximum number of named files. */
const NAMED = 3;
/** A proposal is tried on at most this many files. */
const maxTried = 5;
const defaultWidth = 120;

/**
 * `telltale check`: shows the forms in which the lines of files are read, those that are not understood,
 * and a format for them.
 * @returns the exit code: 1 when more than a fifth of the lines of a file is not understood
 * @throws FILE_UNREADABLE after the results are printed, when some files could not be read
 */
export async function runCheck(config: Config, { paths, json }: CheckOptions, io: Io): Promise<number> {
  const groups = new Map<string, Group>();
  const leftOut = await readLogInputs(config, paths, io, async (input) => {
    addTo(groups, input, await formsOf(input, config));
  });
  let exitCode = 0;
  for (const group of groups.values()) {
    const checked = await checkedOf(group, config);
    const width = io.terminal ? ((io.out as Partial<NodeJS.WriteStream>).columns ?? 80) : defaultWidth;
    const lines = json ? [formObject(checked)] : [...formLines(checked, width), ...proposalLines(checked), ''];
    if (isPoor(checked)) exitCode = 1;
    io.out.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  }
  refuseUnreadable(leftOut);
  return exitCode;
}

function isPoor({ poorFiles, proposal }: CheckedFiles): boolean {
  return poorFiles > 0 || (proposal !== null && isLoudShare(proposal.regained, proposal.lines));
}

async function formsOf(input: LogInput, config: Config): Promise<FoundForms> {
  let tally: FormTally | null = null;
  await scanInput(input, { config, terminatedOnly: false, log: null }, ({ batch }, context) => {
    tally ??= new FormTally(context);
    tally.add(batch);
  });
  return (tally as FormTally | null)?.found() ?? noForms;
}

const noForms: FoundForms = {
  forms: [],
  continuation: { lines: 0, unindented: 0, firstUnindented: null },
  recognition: initialRecognition,
  samples: [],
};

function addTo(groups: Map<string, Group>, input: LogInput, found: FoundForms): void {
  const keys = input.isFile ? keyGlob(input.name) : '**';
  const group = groups.get(keys) ?? {
    first: input,
    keys,
    files: 0,
    poor: [],
    poorFiles: 0,
    found: noForms,
    unclear: [],
  };
  groups.set(keys, group);
  group.files++;
  group.found = mergeForms(group.found, found);
  if (isPoorlyUnderstood(found.recognition)) {
    group.poorFiles++;
    if (group.poor.length < NAMED) group.poor.push(input.name);
  }
  if (unclearLines(found) > 0 && group.unclear.length < maxTried) group.unclear.push({ input, found });
}

/** Lines that a format of their own might make records of. */
function unclearLines({ recognition, continuation }: FoundForms): number {
  return recognition.unparsed + Math.max(continuation.unindented, recognition.distant);
}

async function checkedOf(group: Group, config: Config): Promise<CheckedFiles> {
  const { first, files, poor, poorFiles, found } = group;
  const proposal = await proposalFor(group, config);
  return { name: first.name, files, poor, poorFiles, zone: first.scan.zone, found, proposal };
}

type Source = Config['ingest']['sources'][number];

/** An entry of `ingest.sources`, if one turns at least half of the lines that need it into records. */
async function proposalFor({ first, keys, found, unclear }: Group, config: Config): Promise<Proposal | null> {
  const format = found.samples.length === 0 ? null : guessFormat(found.samples);
  // Without a level, lines that were read as continuations would gain nothing.
  if (format === null || (notUnderstood(found.recognition) === 0 && !format.pattern.includes('(?<level>'))) return null;
  const { key } = splitSourceId(first.source);
  const current = config.ingest.sources.find((source) => compileGlob(source.keys)(key));
  const entry: Source = { topic: null, zone: null, statusLevels: {}, ...current, keys, ...format };
  const proposed: Config = { ...config, ingest: { ...config.ingest, sources: [entry, ...config.ingest.sources] } };
  const scanFor = scanOptions(proposed);
  let before = noForms;
  let after = noForms;
  for (const { input, found: read } of unclear) {
    const scan = scanFor(splitSourceId(input.source).key);
    // Standard input cannot be read again: its first lines show whether the format fits.
    const again = input.isFile ? input : { ...input, isFile: true, chunks: () => joined(read.samples) };
    before = mergeForms(before, input.isFile ? read : await formsOf(again, config));
    after = mergeForms(after, await formsOf({ ...again, scan }, proposed));
  }
  const own = after.forms.find(({ name }) => name === 'own');
  const isBetter =
    2 * unclearLines(after) <= unclearLines(before) ||
    (notUnderstood(before.recognition) > 0 &&
      2 * notUnderstood(after.recognition) <= notUnderstood(before.recognition));
  if (own === undefined || !isBetter) return null;
  const regained = before.continuation.lines - after.continuation.lines;
  // A message may quote a few lines of another log.
  if (notUnderstood(before.recognition) === 0 && !isLoudShare(regained, after.recognition.lines)) return null;
  return {
    yaml: yamlOf(entry, own.zoneless > 0),
    lines: after.recognition.lines,
    understood: after.recognition.lines - notUnderstood(after.recognition),
    regained,
    first: own.first,
  };
}

async function* joined(lines: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const line of lines) yield Buffer.concat([line, Buffer.from('\n')]);
  await Promise.resolve();
}

function yamlOf(entry: Source, isZoneless: boolean): string {
  const { keys, topic, zone, pattern, levels, statusLevels } = entry;
  const source = {
    keys,
    ...(topic === null ? {} : { topic }),
    ...(zone === null ? {} : { zone }),
    pattern,
    ...(Object.keys(levels).length === 0 ? {} : { levels }),
    ...(Object.keys(statusLevels).length === 0 ? {} : { statusLevels }),
  };
  const yaml = stringify({ ingest: { sources: [source] } }, { singleQuote: true, lineWidth: 0 });
  const hint = '      # zone: Europe/Berlin  # its timestamps name no zone\n';
  return isZoneless && zone === null ? `${yaml.trimEnd()}\n${hint}` : yaml;
}
