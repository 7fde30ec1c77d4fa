/** So many codes of a cloud get a series of their own; the others share one. */
const MAX_CODES = 40;
const WORD = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/**
 * Holds the values of a label that a server chooses to so many: a code as it is, `other` for what is no short word, and for
 * every further one.
 */
export function createCodeLabel(max = MAX_CODES): (code: string) => string {
  const known = new Set<string>();
  return (code) => {
    if (code === '' || known.has(code)) return code;
    if (known.size >= max || !WORD.test(code)) return 'other';
    known.add(code);
    return code;
  };
}
