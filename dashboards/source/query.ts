/** PromQL that every panel is made of. All selectors have the matchers of the dashboard's variables. */

/** Selectors of one connector or several. */
export const OURS = 'job=~"$job", instance=~"$instance"';
const INFO = `onvif_device_info{${OURS}, site=~"$site"}`;
const ON_DEVICE = 'on (job, instance, device)';

/** `metric` of the chosen connectors; `more` are further matchers. */
export function ours(metric: string, more = ''): string {
  return `${metric}{${OURS}${more === '' ? '' : `, ${more}`}}`;
}

/** `metric` of the chosen devices. */
export function ofDevice(metric: string, more = ''): string {
  return ours(metric, more === '' ? 'device=~"$device"' : `device=~"$device", ${more}`);
}

/** What of `query`, which has a series for each device, is in the chosen sites. */
export function inSite(query: string): string {
  return `${query} and ${ON_DEVICE} ${INFO}`;
}

/** `query`, which has a series for each device, with the device's site as a label. */
export function withSite(query: string): string {
  return `${query} * ${ON_DEVICE} group_left (site) ${INFO}`;
}

/** A second, of a counter. */
export function rate(counter: string): string {
  return `rate(${counter}[$__rate_interval])`;
}

/** Over the time the dashboard shows. */
export function increase(counter: string): string {
  return `increase(${counter}[$__range])`;
}
