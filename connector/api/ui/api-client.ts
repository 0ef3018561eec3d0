const TOKEN_KEY = 'onvif-connector-token';

/** The connector refused the request, or nobody answered (status 0). */
export interface ApiFault {
  readonly status: number;
  readonly detail: string;
}

export type Answer<T> = { readonly value: T } | { readonly fault: ApiFault };

/** Kept for this tab only; never part of an address. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

export function apiUrl(path: string): URL {
  return new URL(`api/v1/${path}`, document.baseURI.replace(/[#?].*$/s, ''));
}

export function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export async function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  return request<T>(path, { headers: authorization(), ...(signal && { signal }) });
}

export async function post<T>(path: string, body: unknown): Promise<Answer<T>> {
  const headers = { ...authorization(), 'content-type': 'application/json' };
  return request<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(apiUrl(path), { ...init, cache: 'no-store' });
    if (response.ok) return { value: (await response.json()) as T };
    return { fault: { status: response.status, detail: await detailOf(response) } };
  } catch (error) {
    return { fault: { status: 0, detail: error instanceof Error ? error.message : String(error) } };
  }
}

async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown };
  return typeof problem.detail === 'string' ? problem.detail : `the connector answered ${response.status}`;
}
