const COLOURS = { dim: '2', topic: '36', added: '32', gone: '31', own: '35' } as const;
const LONGEST_PAYLOAD = 300;

/** One received message as one line: time, topic, payload; a mark where the broker keeps it. */
export function demoLine(topic: string, payload: Buffer, retained: boolean, colour: boolean): string {
  const paint = (name: keyof typeof COLOURS, text: string) =>
    colour ? `\u001b[${COLOURS[name]}m${text}\u001b[0m` : text;
  const time = paint('dim', new Date().toISOString().slice(11, 23));
  const shown = paint(topic.startsWith('onvif/') ? 'own' : 'topic', printable(topic));
  const body =
    payload.length === 0 ? paint('gone', '(deleted)') : paint('added', printable(short(payload.toString('utf8'))));
  return `${time} ${shown} ${body}${retained ? paint('dim', ' (retained)') : ''}`;
}

function short(text: string): string {
  return text.length <= LONGEST_PAYLOAD ? text : `${text.slice(0, LONGEST_PAYLOAD - 1)}…`;
}

/** Devices write what they like into names: nothing of it may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
