/** What an error body says. Empty strings: it doesn't. */
export interface ErrorBody {
  readonly code: string;
  readonly text: string;
  readonly requestId: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the error bodies that Huawei Cloud's services answer, each in a way of its own: `{code, message}` (VPC, EIP),
 * `{error: {code, message}}` (ECS, IAM), `{error_code, error_msg}` (gateway, ELB v3, NAT), `{errorCode, errorMessage}` (CCE),
 * `{NeutronError: {type, message}}`, and `{itemNotFound: {code, message}}` and its like (Nova).
 */
export function readErrorBody(body: string): ErrorBody {
  const json = parse(body);
  const inner = [json.error, json.NeutronError, ...Object.values(json)].find(isError) ?? {};
  return {
    code: first(json.error_code, json.errorCode, json.code, inner.code, inner.type),
    text: first(json.error_msg, json.errorMessage, json.message, inner.message),
    requestId: first(json.request_id),
  };
}

function parse(body: string): Json {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isError(value: unknown): value is Json {
  return isObject(value) && (typeof value.message === 'string' || value.code !== undefined);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first that says something; IAM's codes are numbers. */
function first(...values: readonly unknown[]): string {
  const value = values.find((value) => (typeof value === 'string' && value !== '') || typeof value === 'number');
  return value === undefined ? '' : String(value);
}
