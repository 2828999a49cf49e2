import type { Site } from '../../core/events';

export type Frame = Required<Site>;
