import { errorRule } from './errorRule';
import { errorText, type Failed } from './failures';
import { lineOf, whoIs, type Scene } from './scene';
import { counted } from './words';

const told = /\bEADDRINUSE\b|address already in use|\[Errno (98|48)\]/i;

/** The port of an error of Node: `listen EADDRINUSE: address already in use 127.0.0.1:8080`. */
const portOf = ({ message }: Failed): number | undefined => {
  const found = /EADDRINUSE.*[:\s](\d+)\s*$/m.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Who held the port when the error was raised, as far as somebody looked. */
function holdersOf({ insight }: Scene, failed: Failed): { port: number; holder: string; text: string }[] {
  const port = portOf(failed);
  const seen = insight.ports.filter(({ child, t }) => child === failed.member.id && t >= failed.t);
  return (seen[0]?.view ?? []).filter((one) => port === undefined || one.port === port);
}

/** A port is taken: by a member, or by what is left of an earlier run. */
export const portInUse = errorRule({
  name: 'port-in-use',
  matches: ({ type, message }) => told.test(message) || told.test(type),
  title: (who, failed) => `${who} can't listen${failed.own[0] ? ` at ${lineOf(failed.own[0])}` : ''}, because its port is in use: ${errorText(failed)}.`,
  advice: () => 'Give each server a port of its own (0 lets the system choose), or end the process that holds it.',
  summary: (count) => counted(count, 'port is', 'ports are') + ' in use',
  more: (scene, failed) => {
    const holders = holdersOf(scene, failed);
    const members = holders.flatMap(({ holder }) => scene.byId.get(holder) ?? []);
    return {
      evidence: holders.map(({ port, text, holder }) => `/proc: port ${port} is held by ${scene.byId.get(holder) ? whoIs(scene.byId.get(holder) ?? failed.member) : text}`),
      members: members.map(({ id }) => id),
      sites: members.flatMap(({ site: where }) => (where ? [{ ...where, role: 'holds' as const }] : [])),
    };
  },
});
