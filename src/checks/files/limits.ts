/** How much is read of files that nobody vouched for. A sysdump of 1,000 nodes stays well below. */
export interface FileLimits {
  /** Files and folders, those that are not read included. */
  readonly entries: number;
  /** Bytes of one file, unpacked. */
  readonly fileBytes: number;
  /** Bytes of all files that are read, unpacked. */
  readonly totalBytes: number;
  /** Bytes unpacked for each packed one: text of Kubernetes packs 10 to 60 to 1, a bomb up to 1,000 to 1. */
  readonly ratio: number;
  /** Lists and maps inside each other. A CustomResourceDefinition has about 40. */
  readonly depth: number;
  /** Keys and values of a JSON file; each takes about 120 bytes. One of the largest size has a half of them. */
  readonly jsonValues: number;
  /** Of a YAML document, or of an item of a list, which are parsed one by one; each takes about 500 bytes. */
  readonly yamlValues: number;
  /** Folders inside each other. */
  readonly folders: number;
}

const MEGABYTE = 1_000_000;

export const FILE_LIMITS: FileLimits = {
  entries: 100_000,
  fileBytes: 128 * MEGABYTE,
  totalBytes: 512 * MEGABYTE,
  ratio: 250,
  depth: 100,
  jsonValues: 8_000_000,
  yamlValues: 1_000_000,
  folders: 20,
};

/** Small files may pack as well as they like. */
export const RATIO_FROM_BYTES = MEGABYTE;
