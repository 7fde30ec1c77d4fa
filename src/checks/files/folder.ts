import { constants } from 'node:fs';
import { open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { createBudget, type FileEntry, type OpenedFiles, quoted, type ReadBudget, refused } from './file-entry.ts';
import type { FileLimits } from './limits.ts';

/**
 * The files below a folder. Symbolic links are not followed, and none is passed over in silence.
 * @throws UsageError for a link, for what is no file (a pipe, a device), and for too many files
 */
export async function openFolder(path: string, limits: FileLimits, signal: AbortSignal): Promise<OpenedFiles> {
  const budget = createBudget(path, limits);
  const entries: FileEntry[] = [];
  let seen = 0;
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const one of await opendir(join(path, folder))) {
      signal.throwIfAborted();
      const name = folder === '' ? one.name : `${folder}/${one.name}`;
      seen += 1;
      if (seen > limits.entries) throw refused(path, `holds more than ${limits.entries} files`);
      if (name.includes('\uFFFD')) throw refused(path, `${quoted(name)} has a name that is no UTF-8`);
      if (one.isDirectory()) {
        if (name.split('/').length > limits.folders) throw refused(path, `has folders too deep (${quoted(name)})`);
        folders.push(name);
      } else if (one.isFile()) {
        entries.push({ name, read: async (stop) => await readPlain(path, name, budget, stop) });
      } else {
        throw refused(path, `${quoted(name)} is ${one.isSymbolicLink() ? 'a symbolic link' : 'no file'}`);
      }
    }
  }
  return { entries: entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)), close: () => undefined };
}

/** One file, as if it were alone in a folder. */
export function openFile(path: string, limits: FileLimits): OpenedFiles {
  const budget = createBudget(path, limits);
  const name = path.split('/').at(-1) ?? path;
  return {
    entries: [
      { name, read: async (signal) => await readPlain(path.slice(0, -name.length) || '.', name, budget, signal) },
    ],
    close: () => undefined,
  };
}

async function readPlain(folder: string, name: string, budget: ReadBudget, signal: AbortSignal): Promise<Buffer> {
  // What was a file may be a link by now.
  const handle = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    budget.take(name, size);
    const bytes = await handle.readFile({ signal });
    if (bytes.length > size) budget.take(name, bytes.length - size);
    return bytes;
  } finally {
    await handle.close();
  }
}
