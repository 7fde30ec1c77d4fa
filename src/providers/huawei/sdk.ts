import type { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import type { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import type { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import type { Logger } from '@huaweicloud/huaweicloud-sdk-core/logger/index.js';

/** The parts of the vendor's SDK that sign and send. */
export interface Sdk {
  readonly HcClient: typeof HcClient;
  readonly DefaultHttpClient: typeof DefaultHttpClient;
  readonly BasicCredentials: typeof BasicCredentials;
  /** Writes nothing. */
  readonly silentLogger: Logger;
}

let loaded: Promise<Sdk> | undefined;

/**
 * Loads the SDK when it is first needed, silent and without a memory for secrets. Single files are imported: the package's
 * root and its ClientBuilder need `uuid`, which the package does not declare (huaweicloud-sdk-nodejs-v3 issue 28).
 */
export function loadSdk(): Promise<Sdk> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Sdk> {
  const showDebug = hideDebug();
  try {
    const { Logger4jInstance } = await import('@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js');
    // It prints whole requests with their Authorization header when one fails, and everything with DEBUG=DEBUG.
    Logger4jInstance.level = 'off';
    const [{ LogLevel }, { HcClient }, { DefaultHttpClient }, { BasicCredentials }] = await Promise.all([
      import('@huaweicloud/huaweicloud-sdk-core/logger/index.js'),
      import('@huaweicloud/huaweicloud-sdk-core/HcClient.js'),
      import('@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js'),
      import('@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js'),
    ]);
    forgetRequests(DefaultHttpClient);
    return { HcClient, DefaultHttpClient, BasicCredentials, silentLogger: silent(LogLevel.ERROR) };
  } finally {
    showDebug();
  }
}

/** The package `debug` reads DEBUG when it is loaded; log4js would then write to stderr for good. */
function hideDebug(): () => void {
  const { DEBUG } = process.env;
  delete process.env.DEBUG;
  return () => {
    if (DEBUG !== undefined) process.env.DEBUG = DEBUG;
  };
}

/** The SDK keeps the last request and the last answer, with keys and tokens, in two static fields. */
function forgetRequests(client: typeof DefaultHttpClient): void {
  for (const field of ['httpReqParam', 'httpResponse']) {
    Object.defineProperty(client, field, { get: () => undefined, set: () => undefined });
  }
}

function silent(level: ReturnType<Logger['getLevel']>): Logger {
  const ignore = (): void => undefined;
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: ignore,
    setLevel: ignore,
    setName: ignore,
    getLevel: () => level,
  };
}
