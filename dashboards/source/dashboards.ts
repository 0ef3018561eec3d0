import { CONNECTOR } from './connector.ts';
import type { DashboardOptions } from './dashboard.ts';
import { DEVICE } from './device.ts';
import { DOORS_AND_ACCESS } from './doors-and-access.ts';
import { FLEET } from './fleet.ts';

/** The dashboards, by the name of their file in dashboards/grafana. */
export const DASHBOARDS: Readonly<Record<string, DashboardOptions>> = {
  fleet: FLEET,
  device: DEVICE,
  'doors-and-access': DOORS_AND_ACCESS,
  connector: CONNECTOR,
};
