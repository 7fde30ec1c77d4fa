import * as z from 'zod';
import { configSchema } from './schema.ts';

type Schema = z.core.$ZodType;

const NO_SHAPE: ReadonlyMap<string, Schema> = new Map();

/** The schema without its defaults, whether or not it may be absent. */
function unwrap(schema: Schema): Schema {
  const isWrapped =
    schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
  return isWrapped ? unwrap(schema.unwrap()) : schema;
}

function isObject(schema: Schema): schema is z.ZodObject<z.core.$ZodShape> {
  return schema instanceof z.ZodObject;
}

/** The keys that an object's schema knows; empty for every other schema. */
export function shapeOf(schema: Schema): ReadonlyMap<string, Schema> {
  const object = unwrap(schema);
  return isObject(object) ? new Map(Object.entries(object.shape)) : NO_SHAPE;
}

/** The configuration's schema at a path, or that of the deepest key that it knows. */
export function schemaAt(path: readonly PropertyKey[]): Schema {
  let schema: Schema = configSchema;
  for (const key of path) {
    const next = shapeOf(schema).get(String(key));
    if (next === undefined) {
      return unwrap(schema);
    }
    schema = next;
  }
  return unwrap(schema);
}

/** The paths of all keys that the configuration knows. */
export function allKeyPaths(schema: Schema = configSchema, path: readonly string[] = []): string[][] {
  return [...shapeOf(schema)].flatMap(([key, child]) => [[...path, key], ...allKeyPaths(child, [...path, key])]);
}
