// Loaded into the connector's process (`node --import`) by fault scenarios that move its clock or take its DNS away.
//
// FAULT_CLOCK_FILE   milliseconds the process's wall clock is ahead; read again on SIGUSR2. `performance.now` and timers do not move,
//                    as on a machine whose administrator or time server sets the clock.
// FAULT_HOSTS_FILE   JSON { name: address | null }; read at each look-up. null: the name server does not answer (EAI_AGAIN).
import dns from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';

const { FAULT_CLOCK_FILE: clockFile, FAULT_HOSTS_FILE: hostsFile } = process.env;

if (clockFile !== undefined) {
  const RealDate = Date;
  let offset = 0;
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      if (given.length === 0) super(RealDate.now() + offset);
      else super(...given);
    }
    static now() {
      return RealDate.now() + offset;
    }
  };
  const read = () => {
    offset = Number(readFileSync(clockFile, 'utf8'));
    writeFileSync(`${clockFile}.applied`, String(offset));
  };
  read();
  process.on('SIGUSR2', read);
}

if (hostsFile !== undefined) {
  const real = dns.lookup;
  dns.lookup = (name, given, maybe) => {
    const options = typeof given === 'object' ? given : {};
    const callback = typeof given === 'function' ? given : maybe;
    const hosts = JSON.parse(readFileSync(hostsFile, 'utf8'));
    if (!Object.hasOwn(hosts, name)) return real(name, given, maybe);
    const address = hosts[name];
    if (address === null) {
      const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), {
        code: 'EAI_AGAIN',
        errno: -3001,
        syscall: 'getaddrinfo',
        hostname: name,
      });
      setImmediate(callback, error);
    } else if (options.all) setImmediate(callback, null, [{ address, family: 4 }]);
    else setImmediate(callback, null, address, 4);
  };
}
