import type { Draft, RuleName } from './finding';
import type { Rule } from './rule';
import { claimOf, errorsIn, errorText, isOpen, placesOf, recorded, whoFailed, type Failed } from './failures';
import type { Scene } from './scene';

/** What a rule adds to the facts, places and members of an error. */
export type More = Partial<Pick<Draft, 'evidence' | 'sites' | 'members'>>;

/** Makes a rule of errors that are told by their type and message. One finding for each place at which such an error was raised. */
export interface ErrorRule {
  name: RuleName;
  /** whether an error is of this kind */
  matches: (failed: Failed, scene: Scene) => boolean;
  /** errors of this kind are told also where a parent may have dealt with them */
  always?: boolean;
  /** proved, where nothing else is said */
  certainty?: (failed: Failed) => Draft['certainty'];
  title: (who: string, failed: Failed) => string;
  advice: (failed: Failed) => string;
  summary: (count: number) => string;
  /** more facts, places and members */
  more?: (scene: Scene, failed: Failed) => More;
}

/** What an error explains: the same error of other members at the same line needs no finding of its own. */
const placeOf = ({ own, type, message }: Failed): string => `${type} ${own[0] ? `${own[0].file}:${own[0].line}` : message}`;

/** An error of a worker thread that nobody listens to becomes an error of its process, with the same message. */
function echoes(scene: Scene, group: readonly Failed[]): Failed[] {
  return errorsIn(scene).filter((other) => other.thread === undefined && group.some(({ thread, member, message }) => thread !== undefined && member === other.member && message !== '' && other.message.includes(message)));
}

export function errorRule(kind: ErrorRule): Rule {
  return {
    name: kind.name,
    kind: 'failure',
    check: (scene) => {
      const groups = new Map<string, Failed[]>();
      for (const failed of errorsIn(scene)) {
        if (!kind.matches(failed, scene) || !(kind.always || failed.thread !== undefined || isOpen(scene, failed.member))) continue;
        groups.set(placeOf(failed), [...groups.get(placeOf(failed)) ?? [], failed]);
      }
      return [...groups.values()].flatMap((group): Draft[] => {
        const [first] = group;
        if (!first) return [];
        const more = kind.more?.(scene, first);
        const members = [...new Set(group.map(({ member }) => member))];
        const others = members.length > 1 ? ` and ${members.length - 1} more` : '';
        return [{
          certainty: kind.certainty?.(first) ?? 'proved',
          members: [...new Set([...members.map(({ id }) => id), ...more?.members ?? []])],
          sites: [...placesOf(first), ...more?.sites ?? []],
          evidence: [...group.slice(0, 5).map(recorded), ...more?.evidence ?? []],
          advice: kind.advice(first),
          since: first.t,
          about: { title: kind.title(`${whoFailed(first)}${others}`, first), error: errorText(first) },
          explains: [...group.map(claimOf), ...echoes(scene, group).map(claimOf), ...members.map(({ id }) => `end of ${id}`)],
        }];
      });
    },
    title: ({ about }) => String(about.title),
    summary: kind.summary,
  };
}
