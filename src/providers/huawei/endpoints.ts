import type { CloudEndpoints } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';

/** The services that are asked; `eip` lives on the host of `vpc`. */
export type HuaweiService = 'elb' | 'nat' | 'vpc' | 'eip' | 'ecs' | 'cce' | 'iam';

const USUAL_SUFFIX = 'myhuaweicloud.com';
const REGION = /^[a-z]{2}(?:-[a-z0-9]+){1,4}$/;

/**
 * The URL of a service in a region: an override, else `https://<service>.<region>.<suffix>`. IAM is asked where it answers
 * for all regions, `https://iam.<suffix>`.
 * @throws CloudError `invalid`
 */
export function endpointOf(service: HuaweiService, region: string, { suffix, overrides }: CloudEndpoints): URL {
  const override = overrides[service] ?? (service === 'eip' ? overrides.vpc : undefined) ?? '';
  if (override !== '') {
    return parseOverride(service, override);
  }
  const domain = suffix === '' ? USUAL_SUFFIX : suffix;
  if (service === 'iam') {
    return new URL(`https://iam.${domain}`);
  }
  if (!REGION.test(region)) {
    throw invalid(`${JSON.stringify(region)} is no region of Huawei Cloud. Give one like cn-north-4.`);
  }
  return new URL(`https://${service === 'eip' ? 'vpc' : service}.${region}.${domain}`);
}

function parseOverride(service: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw invalid(`The endpoint given for ${service} is no URL like https://${service}.example.com. Correct it.`);
  }
  return url;
}

function invalid(message: string): CloudError {
  return new CloudError(message, { category: 'invalid', action: '', code: '', status: 0, requestId: '' });
}
