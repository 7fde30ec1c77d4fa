import type { IncomingMessage } from 'node:http';
import { load } from 'js-yaml';
import { type Json, parseJson } from './json.ts';

const MAX_BODY = 3 * 1024 * 1024;

/** The text of a request's body; undefined when it is larger than the API server takes. */
export async function bodyOf(message: IncomingMessage): Promise<string | undefined> {
  message.setEncoding('utf8');
  let text = '';
  for await (const chunk of message) {
    text += text.length > MAX_BODY ? '' : String(chunk);
  }
  return text.length > MAX_BODY ? undefined : text;
}

/** JSON or YAML; the text itself when it is neither. */
export function parseBody(text: string): Json | undefined {
  if (text === '') {
    return undefined;
  }
  try {
    return parseJson(text);
  } catch {
    return yamlOf(text);
  }
}

function yamlOf(text: string): Json {
  try {
    return parseJson(JSON.stringify(load(text)) ?? 'null');
  } catch {
    return text;
  }
}
