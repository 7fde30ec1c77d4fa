import * as z from 'zod';

/** A text that may be missing or null; then it is empty. */
export const OptionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

/** A list that may be missing or null; then it is empty. */
export function optionalList<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}
