import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { UsageError } from '../../lib/errors.ts';
import { createBudget, type FileEntry, type OpenedFiles, quoted, type ReadBudget, refused } from './file-entry.ts';
import { type FileLimits, RATIO_FROM_BYTES } from './limits.ts';

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;

/**
 * The files of a zip archive, in memory: nothing is ever written. Every name is looked at before any file is read, and
 * the checksum of each that is read.
 * @throws UsageError for what is no zip archive, and for names that lead outside, links, encryption, too many files
 */
export async function openArchive(path: string, limits: FileLimits, signal: AbortSignal): Promise<OpenedFiles> {
  const budget = createBudget(path, limits);
  const zip = await reading(path, signal, () => openPromise(path, { autoClose: false }));
  const close = (): void => zip.close();
  try {
    const entries = await reading(path, signal, () => listEntries(zip, path, limits, budget, signal));
    return { entries, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function listEntries(
  zip: ZipFile,
  path: string,
  limits: FileLimits,
  budget: ReadBudget,
  signal: AbortSignal,
): Promise<FileEntry[]> {
  const names = new Set<string>();
  const entries: FileEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    signal.throwIfAborted();
    const { fileName: name } = entry;
    if (names.size >= limits.entries) throw refused(path, `holds more than ${limits.entries} files`);
    if (names.has(name)) throw refused(path, `holds ${quoted(name)} twice`);
    names.add(name);
    const problem = problemOf(entry);
    if (problem !== undefined) throw refused(path, `${quoted(name)} ${problem}`);
    if (name.endsWith('/')) continue;
    entries.push({
      name,
      read: async (stop) => await reading(path, stop, () => unpack(zip, entry, path, limits, budget, stop)),
    });
  }
  return entries;
}

function problemOf(entry: Entry): string | undefined {
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (entry.fileName.includes('\0')) return 'has a name that leads elsewhere';
  if (type === LINK) return 'is a symbolic link';
  if (type !== 0 && type !== REGULAR && type !== DIRECTORY) return 'is no file';
  if (entry.isEncrypted()) return 'is encrypted';
  return undefined;
}

async function unpack(
  zip: ZipFile,
  entry: Entry,
  path: string,
  limits: FileLimits,
  budget: ReadBudget,
  signal: AbortSignal,
): Promise<Buffer> {
  const { fileName: name, compressedSize, uncompressedSize } = entry;
  if (!entry.canDecodeFileData()) throw refused(path, `${quoted(name)} is packed in a way that is not known`);
  budget.take(name, uncompressedSize);
  if (uncompressedSize > RATIO_FROM_BYTES && uncompressedSize > compressedSize * limits.ratio) {
    throw refused(path, `${quoted(name)} is packed more than ${limits.ratio} to 1, as a zip bomb is`);
  }
  // The stream ends with an error as soon as there is more or less than the announced size.
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    signal.throwIfAborted();
    if (chunk instanceof Buffer) chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw refused(path, `${quoted(name)} is damaged: its checksum is another`);
  return bytes;
}

/** What the library says of a broken archive, as one message. */
async function reading<T>(path: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw refused(path, `is no zip archive that can be read (${error.message.replace(/\.$/, '')})`, error);
  }
}
