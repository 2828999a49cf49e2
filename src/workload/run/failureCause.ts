import type { Ending } from '../../core/events';
import type { TaskError, Task } from '../task';

/** How a process ended, in words; `why` is a better word, where there is one. */
export function endingText({ code, signal }: Ending, why?: string): string {
  return why ?? (signal !== null ? `killed by ${signal}` : `exit code ${code ?? 'unknown'}`);
}

/** What a task failed of whose worker died while it ran. */
export function deathOf(worker: number, task: Task, ending: Ending, why?: string): TaskError {
  const how = why !== undefined ? `ended (${why})` : ending.signal !== null ? `was killed by ${ending.signal}` : `ended with exit code ${ending.code ?? 'unknown'}`;
  return {
    type: 'WorkerDied', message: `worker ${worker} ${how} while on row ${task.index}`,
    ...(ending.signal === null ? {} : { signal: ending.signal }), ...(ending.code === null ? {} : { code: ending.code }),
  };
}

/** What a task failed of whose worker's answer can't be understood. */
export function garbleOf(worker: number, task: Task): TaskError {
  return {
    type: 'AnswerGarbled',
    message: `what worker ${worker} answered for row ${task.index} can't be understood, so the worker was replaced. Does the code write to descriptors that it did not open?`,
  };
}
