/** How the rows of a workload stand, and how a table of them is arranged. */

export const statuses = ['waiting', 'done', 'failed', 'again'] as const;
export type RowStatus = (typeof statuses)[number];
export type SortKey = 'row' | 'time';

export interface Order {
  by: SortKey;
  descending: boolean;
  status: RowStatus | 'all';
}
