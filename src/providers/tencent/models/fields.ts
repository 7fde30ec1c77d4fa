import * as z from 'zod';

/** Fields as the cloud answers them: what it does not know is null or missing, and both are the same to us. */

/** A text; empty when it is not said. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** An id that nothing can be done without. */
export const id = z.string().min(1);

export const number = z
  .number()
  .nullish()
  .transform((value) => value ?? undefined);

export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? undefined);

/** A list; empty when it is not said. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** Texts that are not empty. */
export const texts = list(text).transform((values) => values.filter((value) => value !== ''));

/** A list of texts whose absence is not emptiness: undefined when it is not said. */
export const textsIfTold = z
  .array(z.string())
  .nullish()
  .transform((values) => values ?? undefined);
