import type { FlowChoice } from './flow-choice.ts';
import type { PullLoopOptions } from './pull-loop.ts';
import type { SubscriptionEndpointOptions } from './subscription-endpoint.ts';

/** What a subscription of either flow is opened with. */
export type SubscriptionOptions = SubscriptionEndpointOptions &
  Pick<PullLoopOptions, 'timeoutMs' | 'farewellMs'> & {
    /** The device's flow, kept across its subscriptions; pull points only where undefined. */
    readonly flows?: FlowChoice | undefined;
  };
