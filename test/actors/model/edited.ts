import type { Edit } from './actions';
import { cutTo, noText, withChangedByte, withoutFirstLines, type Text, type Writer } from './contents';

/**
 * What a file holds after it was changed.
 * @param file.text what it holds now; null when there is none
 * @param file.last what it held last
 */
export function edited(
  { text, last }: { readonly text: Text | null; readonly last: Text },
  edit: Edit,
  writer: Writer,
): Text {
  // Deleted and created again: continuing, or as another one.
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
