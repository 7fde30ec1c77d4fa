import type { JsonObject } from './json.ts';
import type { Kind } from './kinds.ts';

/** One refused field, as the API server lists it under `details.causes`. */
export interface FieldError {
  readonly field: string;
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueTooMany';
  readonly message: string;
}

/** A refusal in the API server's words: an HTTP status and a Status object. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;
  /** Extra members of the Status object's metadata (a continuation token). */
  readonly listMeta: JsonObject;

  constructor(code: number, reason: string, message: string, details?: JsonObject, listMeta: JsonObject = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.listMeta = listMeta;
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.listMeta,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `services` or `gateways.gateway.networking.k8s.io`, as messages name a resource. */
function resourceName(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function details(kind: Kind, name: string, kindWord: string): JsonObject {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kindWord };
}

export function notFound(kind: Kind, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${resourceName(kind)} "${name}" not found`, details(kind, name, kind.plural));
}

export function alreadyExists(kind: Kind, name: string): ApiError {
  const message = `${resourceName(kind)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, details(kind, name, kind.plural));
}

const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

/** A delete whose precondition does not hold; these messages name the kind, not the resource. */
export function unmetPrecondition(
  kind: Kind,
  name: string,
  what: 'uid' | 'resourceVersion',
  wanted: string,
  live: string,
): ApiError {
  const why =
    what === 'uid'
      ? `the UID in the precondition (${wanted}) does not match the UID in record (${live}). The object might have been deleted and then recreated`
      : `the ResourceVersion in the precondition (${wanted}) does not match the ResourceVersion in record (${live}). The object might have been modified`;
  const message = `Operation cannot be fulfilled on ${kindName(kind)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, details(kind, name, kind.kind));
}

/** `Service` or `Gateway.gateway.networking.k8s.io`. */
function kindName(kind: Kind): string {
  return kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
}

export function conflict(kind: Kind, name: string, why: string = STALE): ApiError {
  const message = `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, details(kind, name, kind.plural));
}

/** No such resource, in the words of built-in groups or of all others. */
export function notServed(builtIn: boolean): ApiError {
  return builtIn
    ? new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
    : new ApiError(404, '', PAGE_NOT_FOUND);
}

/** The 422 of a query parameter of a write. */
export function invalidOptions(error: FieldError): ApiError {
  return invalidWith('PatchOptions.meta.k8s.io', { group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [error]);
}

/** Sent as plain text. */
export const PAGE_NOT_FOUND = '404 page not found';

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function forbidden(kind: Kind, name: string, why: string): ApiError {
  const message = `${resourceName(kind)} ${name === '' ? '' : `"${name}" `}is forbidden: ${why}`;
  return new ApiError(403, 'Forbidden', message, details(kind, name, kind.plural));
}

/** The 422 of validation, with one cause a field. */
export function invalid(kind: Kind, name: string, errors: readonly FieldError[]): ApiError {
  return invalidWith(kindName(kind), details(kind, name, kind.kind), name, errors);
}

/** The 422 that names the resource where validation would name the kind: a PUT without resourceVersion. */
export function invalidResource(kind: Kind, name: string, error: FieldError): ApiError {
  return invalidWith(resourceName(kind), details(kind, name, kind.plural), name, [error]);
}

/** The 422 of a patch whose outcome can't be decoded, which has no name. */
export function undecodable(cause: string): ApiError {
  return invalidWith('', {}, '', [invalidValue('patch', '{...}', cause)]);
}

function invalidWith(word: string, about: JsonObject, name: string, errors: readonly FieldError[]): ApiError {
  const lines = errors.map((error) => `${error.field}: ${error.message}`);
  const text = lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`;
  const causes = errors.map((error) => ({ reason: error.reason, message: error.message, field: error.field }));
  return new ApiError(422, 'Invalid', `${word} "${name}" is invalid: ${text}`, { ...about, causes });
}

/** What the API server says of a JSON patch that does not apply, a failed `test` included. */
export function patchDoesNotApply(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

export function expired(message: string, listMeta: JsonObject = {}): ApiError {
  return new ApiError(410, 'Expired', message, undefined, listMeta);
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${goValue(value)}: ${detail}` };
}

export function requiredValue(field: string, detail: string): FieldError {
  return {
    field,
    reason: 'FieldValueRequired',
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  };
}

export function forbiddenValue(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${detail}` };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): FieldError {
  const words = supported.map((word) => `"${word}"`).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${goValue(value)}: supported values: ${words}`,
  };
}

export function duplicateValue(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${goValue(value)}` };
}

export function tooMany(field: string, actual: number, maximum: number): FieldError {
  return {
    field,
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${maximum} items`,
  };
}

function goValue(value: unknown): string {
  return value === undefined || value === null ? 'null' : JSON.stringify(value);
}
