/**
 * Shapes of the nested JSON that answers of an inquiry carry. One description gives both the TypeScript type and the check
 * of a line that was read, so that the two can't drift apart. A key that ends with `?` may be absent.
 */
export type Shape = 'string' | 'number' | 'boolean' | ListShape | ObjectShape;
type ListShape = readonly [Shape];
interface ObjectShape {
  readonly [key: string]: Shape;
}

/** The type of the values that have a shape. */
export type Shaped<S> = S extends 'string' ? string
  : S extends 'number' ? number
    : S extends 'boolean' ? boolean
      : S extends readonly [infer Item] ? Shaped<Item>[]
        : { -readonly [K in keyof S as K extends `${string}?` ? never : K]: Shaped<S[K]> }
          & { -readonly [K in keyof S as K extends `${infer Name}?` ? Name : never]?: Shaped<S[K]> };

/** Whether a value has a shape. Keys that the shape does not name are allowed: a newer probe may tell more. */
export function hasShape<S extends Shape>(value: unknown, shape: S): value is Shaped<S> {
  if (typeof shape === 'string') return typeof value === shape && !(shape === 'number' && !Number.isFinite(value));
  if (isList(shape)) return Array.isArray(value) && value.every((item) => hasShape(item, shape[0]));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(shape).every(([key, part]) => {
    const optional = key.endsWith('?');
    const field = (value as Record<string, unknown>)[optional ? key.slice(0, -1) : key];
    return field === undefined ? optional : hasShape(field, part);
  });
}

const isList = (shape: Shape): shape is ListShape => Array.isArray(shape);
