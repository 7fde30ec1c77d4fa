import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip archive; what is given besides name and text makes it a hostile one. */
export interface ZipEntry {
  readonly name: string;
  readonly data: string | Buffer;
  /** Unix mode; default a plain file. */
  readonly mode?: number;
  /** General purpose flags: 1 is encrypted. */
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  /** What the directory says the file unpacks to. */
  readonly size?: number;
  /** Where the data is: at the entry of that index. */
  readonly dataOf?: number;
}

/** A zip archive as Go's archive/zip writes it: packed, sizes and checksum in the central directory only. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const places: { readonly offset: number; readonly packed: number }[] = [];
  let offset = 0;
  for (const entry of entries) {
    const data = Buffer.from(entry.data);
    const name = Buffer.from(entry.name, 'utf8');
    const packed = entry.method === 0 ? data : deflateRawSync(data);
    const flags = 0x808 | (entry.flags ?? 0);
    const method = entry.method ?? 8;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const place = entry.dataOf === undefined ? { offset, packed: packed.length } : places[entry.dataOf];
    if (place === undefined) throw new Error('no such entry');
    places.push(place);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(0x0314, 4); // made on Unix
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(entry.crc ?? crc32(data), 16);
    central.writeUInt32LE(place.packed, 20);
    central.writeUInt32LE(entry.size ?? data.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(((entry.mode ?? 0o100600) << 16) >>> 0, 38);
    central.writeUInt32LE(place.offset, 42);
    directory.push(central, name);
    if (entry.dataOf !== undefined) continue;
    parts.push(local, name, packed);
    offset += local.length + name.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
