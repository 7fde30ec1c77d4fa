import type { CloudEndpoints } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';

const USUAL_SUFFIX = 'tencentcloudapi.com';

/**
 * Where a service is asked: the override as it stands, else `https://<service>.<suffix>/`. Suffixes: `internal.…` from
 * within a VPC, `intl.…` for the international site, `<region>.…` for the regional endpoint.
 */
export function endpointOf(service: string, { suffix, overrides }: CloudEndpoints): URL {
  const text = overrides[service] ?? `https://${service}.${suffix === '' ? USUAL_SUFFIX : suffix}/`;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return new URL(text);
  }
  throw new CloudError(`The endpoint of ${service} is no URL: ${text}. Write it as https://host/.`, {
    category: 'invalid',
    action: service,
    code: '',
    status: 0,
    requestId: '',
  });
}
