import type { Edit } from './actions';
import { cutTo, noText, withChangedByte, withoutFirstLines, type Text, type Writer } from './contents';

/**
 * A file's content after a change.
 * @param file.text the present content; null when it does not exist
 * @param file.last the last content
 */
export function edited(
  { text, last }: { readonly text: Text | null; readonly last: Text },
  edit: Edit,
  writer: Writer,
): Text {
  // Deleted and created again: continued or new.
  const before = text ?? (edit.how === 'begin' ? noText : last);
  switch (edit.how) {
    case 'append':
      return writer.append(before, edit);
    case 'same':
      return before;
    case 'begin':
    case 'rotate':
      return writer.begin(edit);
    case 'change byte':
      return withChangedByte(before, edit.at) ?? writer.append(before, edit);
    case 'change byte and append':
      return writer.append(withChangedByte(before, edit.at) ?? before, edit);
    case 'cut':
      return cutTo(before, edit.at);
    case 'cut and grow':
      return writer.append(writer.grow(cutTo(before, edit.at), before.bytes.length), edit);
    case 'drop lines':
      return writer.append(withoutFirstLines(before, 1 + (edit.at % 4)), edit);
  }
}
