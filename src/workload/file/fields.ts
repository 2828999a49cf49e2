import { HumanError } from '../../core/errors';

/** Reads the fields of a JSON object, each once, with messages that name the field, what is there and what belongs there. */
export class Fields {
  readonly #seen = new Set<string>();

  constructor(readonly value: Record<string, unknown>, private readonly path: string, private readonly source: string) {}

  static of(value: unknown, path: string, source: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HumanError(`${source}: ${path || 'the file'} must be an object {…}, not ${shown(value)}.`);
    return new Fields(value as Record<string, unknown>, path, source);
  }

  fail(name: string, wanted: string): never {
    throw new HumanError(`${this.source}: ${this.#at(name)} must be ${wanted}, not ${shown(this.value[name])}.`);
  }

  has(name: string): boolean {
    return this.value[name] !== undefined;
  }

  raw(name: string): unknown {
    this.#seen.add(name);
    return this.value[name];
  }

  text(name: string): string | undefined {
    const found = this.raw(name);
    if (found === undefined || (typeof found === 'string' && found !== '')) return found;
    return this.fail(name, 'a text');
  }

  texts(name: string): string[] | undefined {
    const found = this.raw(name);
    if (found === undefined) return undefined;
    if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
    return this.fail(name, 'a list of texts');
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const found = this.raw(name);
    if (found === undefined || choices.includes(found as T)) return found as T | undefined;
    return this.fail(name, choices.map((choice) => `"${choice}"`).join(' or '));
  }

  number(name: string, least: number, wanted: string, whole = false): number | undefined {
    const found = this.raw(name);
    if (found === undefined) return undefined;
    if (typeof found !== 'number' || !Number.isFinite(found) || found < least || (whole && !Number.isInteger(found))) return this.fail(name, wanted);
    return found;
  }

  object(name: string): Fields | undefined {
    const found = this.raw(name);
    return found === undefined ? undefined : Fields.of(found, this.#at(name), this.source);
  }

  /** A field that nobody asked for is a slip of the pen. */
  close(): void {
    const extra = Object.keys(this.value).filter((name) => !this.#seen.has(name) && name !== '$schema');
    if (extra.length) throw new HumanError(`${this.source}: there is no field "${extra.map((name) => this.#at(name)).join('", "')}". There are: ${[...this.#seen].join(', ')}.`);
  }

  #at(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
