import { type InfoRecord, parse, type Parser } from 'csv-parse';
import { csvOptions, readError } from './csv-format.ts';
import { type DataFile, openDataFile } from './data-files.ts';
import type { CsvFormat } from './dialects/dialect.ts';
import { type PackedRows, RowPacker } from './packed-rows.ts';

/** A CSV file to read. */
export interface CsvFile {
  readonly file: DataFile;
  readonly csv: CsvFormat;
}

/** Some rows of a file, and how far it is read with them. */
export interface FileRows extends PackedRows {
  /** Size on disk, and how much of that is taken in. */
  readonly bytesOnDisk: number;
  readonly bytesRead: number;
  readonly gzip: boolean;
  /** Whether these are its last rows. */
  readonly isLast: boolean;
}

/** Bytes handed on at once: enough to make a message's cost small. */
const ENOUGH = 1 << 17;

/** Rows of a file, parsed chunk by chunk. Throws `DATA_UNREADABLE` with file, line and column, or `CANCELLED`, after the rows before that. */
export async function* rowsOf(
  { file, csv }: CsvFile,
  signal?: AbortSignal,
): AsyncGenerator<FileRows> {
  const { bytes: bytesOnDisk, gzip, position, chunks } = await openDataFile(file);
  const packer = new RowPacker();
  const take = (fields: string[], { lines }: InfoRecord): null => {
    packer.add(fields, lines);
    return null;
  };
  const parser = parse({ ...csvOptions(csv), on_record: take });
  // `fed` tells of errors
  parser.on('error', () => undefined).resume();
  const packed = (isLast: boolean): FileRows => {
    return { ...packer.take(), bytesOnDisk, bytesRead: position(), gzip, isLast };
  };
  try {
    for await (const chunk of chunks) {
      if (signal?.aborted === true) throw new DOMException('stopped', 'AbortError');
      await fed(parser, chunk);
      if (packer.size >= ENOUGH) yield packed(false);
    }
    await fed(parser, null);
  } catch (cause) {
    yield packed(false);
    throw readError(cause, file.name, packer.lastLine);
  }
  yield packed(true);
}

/** Waits until a chunk is parsed, or with null the end. */
async function fed(parser: Parser, chunk: Buffer | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      if (error) reject(error);
      else resolve();
    };
    if (chunk === null) parser.end(done);
    else parser.write(chunk, done);
  });
}
