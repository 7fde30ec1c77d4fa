/** A piece of a mend: a sentence, or a command to copy. */
export interface FixPart {
  readonly text: string;
  readonly isCommand: boolean;
}

/** The sentences and commands of a mend, in their order. */
export function fixParts(fix: string): readonly FixPart[] {
  return fix
    .split(/\s+(?=(?:kubectl|helm upgrade|tccli) )|\s{3,}/)
    .filter((part) => part !== '')
    .map((text) => ({ text, isCommand: /^(?:kubectl|helm upgrade|tccli) /.test(text) }));
}
