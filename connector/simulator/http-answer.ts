import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpRefusal } from './soap-fault.ts';

const numbers = new WeakMap<Socket, number>();

/** Gives a connection the simulator's running number. */
export function numberConnection(socket: Socket, number: number): void {
  numbers.set(socket, number);
}

/** The running number of the connection a request came on, from 1. */
export function connectionNumber(socket: Socket): number {
  return numbers.get(socket) ?? 0;
}

/** Core 5.8.1: an HTTP status without a SOAP message. */
export function refuse(response: ServerResponse, refusal: HttpRefusal): void {
  for (const [name, value] of Object.entries(refusal.httpHeaders)) response.setHeader(name, value);
  if (refusal.status === 0) return void response.socket?.destroy();
  const type = refusal.page === '' ? {} : { 'Content-Type': 'text/html; charset=utf-8' };
  response.writeHead(refusal.status, { ...type, 'Content-Length': Buffer.byteLength(refusal.page) });
  response.end(refusal.page);
}
