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

/** The list that an answer is about: null is how some services write an empty one, but missing it may not be. */
export function promisedList<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z
    .array(item)
    .nullable()
    .transform((items) => items ?? []);
}
