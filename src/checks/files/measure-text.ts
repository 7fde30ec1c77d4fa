const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LINE_END = 0x0a;
const OPENS = new Set([0x5b, 0x7b]); // [ {
const CLOSES = new Set([0x5d, 0x7d]); // ] }

/** How much a text makes when it is parsed. */
export interface TextMeasure {
  /** Keys and values, at most. */
  readonly values: number;
  /** Lists and maps inside each other, of JSON. */
  readonly depth: number;
}

/** Measures JSON without parsing it: what stands inside of strings does not count. */
export function measureJson(text: string): TextMeasure {
  let values = 1;
  let depth = 0;
  let most = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) {
      isInString = true;
    } else if (code === COMMA || code === COLON) {
      values += 1;
    } else if (OPENS.has(code)) {
      values += 1;
      depth += 1;
      if (depth > most) most = depth;
    } else if (CLOSES.has(code)) {
      depth -= 1;
    }
  }
  return { values, depth: most };
}

/** Measures YAML: each value begins a line, or stands behind a comma or a bracket. */
export function measureYaml(text: string): Pick<TextMeasure, 'values'> {
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === LINE_END || code === COMMA || OPENS.has(code)) values += 1;
  }
  return { values };
}
