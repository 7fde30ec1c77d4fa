import { constructFromEvents, type Event, parseEvents, YAMLException } from 'js-yaml';
import { UsageError, usageError } from '../lib/errors.ts';
import { isSecretField } from '../lib/redact.ts';

/** One document of YAML; JSON is YAML, too. */
export interface ParsedYaml {
  /** Undefined for an empty text. */
  readonly value: unknown;
  /** For the places of keys in the text. */
  readonly events: readonly Event[];
}

/**
 * Reads one document; nesting and aliases are bounded, a key that stands twice is refused.
 * @param name what messages call it
 * @throws {UsageError} with line and column; nothing else
 */
export function parseYaml(text: string, name: string): ParsedYaml {
  return parse(text, name, false);
}

/** The same, but of a key that stands twice the last one counts: for those who tell all that is wrong. */
export function parseYamlWithRepeatedKeys(text: string, name: string): ParsedYaml {
  return parse(text, name, true);
}

function parse(text: string, name: string, json: boolean): ParsedYaml {
  try {
    const events = parseEvents(text, { filename: name, maxDepth: 20 });
    const documents = constructFromEvents(events, { source: text, filename: name, maxAliases: 100, json });
    if (documents.length > 1) {
      throw usageError(name, `holds ${documents.length} YAML documents`, 'Keep one: remove the lines with "---".');
    }
    return { value: documents[0], events };
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    throw yamlError(error, name, text);
  }
}

/** A key that stands in its mapping a second time. */
export const REPEATED = { what: 'this key stands there a second time', fix: 'Keep one of the two.' } as const;

function yamlError(error: unknown, name: string, text: string): UsageError {
  const fix = 'Mend the YAML there: mostly it is the indentation, a tab, or a missing quote.';
  if (error instanceof YAMLException) {
    const at = error.mark === undefined ? '' : `line ${error.mark.line + 1}, column ${error.mark.column + 1}`;
    if (error.reason === 'duplicated mapping key') {
      return new UsageError(name, [{ at, ...REPEATED }], error);
    }
    const line = text.split('\n')[error.mark?.line ?? 0] ?? '';
    return new UsageError(name, [{ at, what: withoutSecrets(error.reason, line), fix }], error);
  }
  return usageError(name, `can't be read as YAML (${error instanceof Error ? error.message : String(error)})`, fix);
}

/** A password that begins with `*` or `!` is an alias or a tag, which the parser names. */
function withoutSecrets(reason: string, line: string): string {
  const keys = [...line.matchAll(/([\w.-]+)["']?\s*:/g)].map(([, key = '']) => key);
  return keys.some(isSecretField) ? reason.replace(/"[^"]*"|<.*>/g, '…') : reason;
}
