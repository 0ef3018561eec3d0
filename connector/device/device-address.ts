/** Path of the device service on every device (Core 5.1.1). */
const DEVICE_SERVICE_PATH = '/onvif/device_service';

/** `host`, `host:port` or a URL, as the user wrote it, as the URL of the device service. @throws TypeError where it is none */
export function deviceServiceUrl(address: string): URL {
  const url = new URL(address.includes('://') ? address : `http://${address}`);
  if (url.pathname === '/' || url.pathname === '') url.pathname = DEVICE_SERVICE_PATH;
  url.username = '';
  url.password = '';
  return url;
}

/**
 * Where to connect for an address that the device gave (GetServices, SubscriptionReference). Devices behind NAT or with a
 * wrong idea of themselves give hosts that cannot be reached, empty hosts and hosts of somebody else (traps 3, 57; device
 * quirks 1–4), and credentials go to no host the user did not name. So:
 *   - the host the user named, on another port: a service may really listen there (Reolink); kept
 *   - any other host: the named host and port, with the path and query the device gave
 *   - no usable URL (empty, urn:uuid:…): `fallback`
 * Path and query are kept to the letter: `%17:46:23` or a missing slash means something to the device (trap 4).
 */
export function reachableUrl(given: string, configured: URL, fallback: URL): URL {
  let url: URL;
  try {
    // `http:///onvif…`: without a host, whose place the first level of the path would take.
    url = new URL(given.trim().replace(/^(https?:\/\/)(?=\/)/i, `$1${configured.host}`));
  } catch {
    // Unprintable hosts, two ports: only the path can be used. Put behind the origin, since `//…` would name a host.
    const path = /^https?:\/\/[^/?]*([/?].*)$/i.exec(given.trim())?.[1];
    return path === undefined ? fallback : new URL(configured.origin + path);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return fallback;
  if (url.hostname !== configured.hostname) return new URL(configured.origin + url.pathname + url.search);
  if (url.port === '' && url.protocol === configured.protocol && !/:\d+$/.test(authority(given))) {
    // No port given and another one configured: the device does not know of a port that is mapped on the way.
    url.port = configured.port;
  }
  // What the user reaches by TLS is never asked in clear because the device says so (trap 57).
  if (configured.protocol === 'https:' && url.protocol === 'http:') {
    url.protocol = 'https:';
    url.port = configured.port;
  }
  url.username = '';
  url.password = '';
  return url;
}

function authority(address: string): string {
  return /^[a-z]+:\/\/([^/?]*)/i.exec(address.trim())?.[1] ?? '';
}
