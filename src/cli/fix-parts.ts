/** A piece of a mend: a sentence, or a command to copy. */
export interface FixPart {
  readonly text: string;
  readonly isCommand: boolean;
}

/** The sentences and commands of a mend, in their order. */
export function fixParts(fix: string): readonly FixPart[] {
  return fix
    .split(/\s+(?=kubectl )|\s{3,}/)
    .filter((part) => part !== '')
    .map((text) => ({ text, isCommand: text.startsWith('kubectl ') }));
}
