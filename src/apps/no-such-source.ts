import type { SourceId } from '../ingestion/source-id';
import { TelltaleError } from '../errors';
import { nearestFile } from '../nearest';

/** @param known existing sources, one of which was perhaps meant */
export function noSuchSource(source: SourceId, known: readonly SourceId[]): TelltaleError {
  const meant = nearestFile(source, known);
  const advice = meant === null ? 'telltale audit lists the sources' : `did you mean ${JSON.stringify(meant)}?`;
  return new TelltaleError('OBJECT_NOT_FOUND', `there is no source ${JSON.stringify(source)}; ${advice}`);
}
