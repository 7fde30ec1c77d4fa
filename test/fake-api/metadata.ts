import { type FieldError, invalidValue } from './api-error.ts';
import { isObject, type JsonObject, type KubeObject, stringMap } from './json.ts';
import type { Kind } from './kinds.ts';
import { isDnsName } from './load-balancer-status.ts';

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED_NAME =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SERVICE_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME_TEXT = "name part must consist of alphanumeric characters, '-', '_' or '.'";
const MAX_LABEL = 63;
const MAX_ANNOTATIONS = 256 * 1024;

/** Name, labels and annotations by the rules that all kinds share. */
export function metadataErrors(kind: Kind, object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const { name } = object.metadata;
  if (kind.plural === 'services' && kind.group === '') {
    if (!SERVICE_NAME.test(name) || name.length > MAX_LABEL) {
      errors.push(invalidValue('metadata.name', name, name.length > MAX_LABEL ? tooLong(MAX_LABEL) : SERVICE_TEXT));
    }
  } else if (!isDnsName(name)) {
    errors.push(invalidValue('metadata.name', name, name.length > 253 ? tooLong(253) : SUBDOMAIN_TEXT));
  }
  for (const [key, value] of Object.entries(stringMap(object.metadata.labels))) {
    if (!QUALIFIED_NAME.test(key)) {
      errors.push(invalidValue('metadata.labels', key, NAME_TEXT));
    }
    if (value.length > MAX_LABEL) {
      errors.push(invalidValue('metadata.labels', value, tooLong(MAX_LABEL)));
    } else if (!LABEL_VALUE.test(value)) {
      errors.push(invalidValue('metadata.labels', value, LABEL_TEXT));
    }
  }
  let size = 0;
  for (const [key, value] of Object.entries(stringMap(object.metadata.annotations))) {
    size += key.length + value.length;
    if (!QUALIFIED_NAME.test(key.toLowerCase())) {
      errors.push(invalidValue('metadata.annotations', key, NAME_TEXT));
    }
  }
  if (size > MAX_ANNOTATIONS) {
    errors.push({
      field: 'metadata.annotations',
      reason: 'FieldValueInvalid',
      message: `Too long: may not be more than ${MAX_ANNOTATIONS} bytes`,
    });
  }
  return errors;
}

function tooLong(maximum: number): string {
  return `must be no more than ${maximum} characters`;
}

/** Empty labels, annotations, owners and finalizers are the same as none. */
export function tidyMetadata(metadata: JsonObject): void {
  for (const member of ['labels', 'annotations']) {
    const value = metadata[member];
    if (value === null || (isObject(value) && Object.keys(value).length === 0)) {
      delete metadata[member];
    }
  }
  for (const member of ['ownerReferences', 'finalizers']) {
    const value = metadata[member];
    if (value === null || (Array.isArray(value) && value.length === 0)) {
      delete metadata[member];
    }
  }
}
