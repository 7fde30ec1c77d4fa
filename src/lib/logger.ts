/** The part of pino's Logger that the program uses: fields first, then a static message. */
export interface Logger {
  /** Each single step, such as a request on its way: for finding a fault. */
  trace(fields: Readonly<Record<string, unknown>>, message: string): void;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
