/** Core 9.1 and 9.3: the two ways to get messages. */
export type Flow = 'pull-point' | 'base-notification';
