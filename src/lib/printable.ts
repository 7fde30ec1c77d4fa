/**
 * A text that is safe on a terminal: what comes from a cluster (annotations, messages) can't move the cursor, change
 * colours or reverse the reading direction. Line breaks stay only where `lines` is set.
 */
export function printable(text: string, lines = false): string {
  return text.replaceAll(UNPRINTABLE, (character) => (lines && character === '\n' ? character : escapeOf(character)));
}

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u{FEFF}]/gu;

function escapeOf(character: string): string {
  const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  return known ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
