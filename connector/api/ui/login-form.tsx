import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, keepToken } from './api-client.ts';
import { Icon } from './icon.tsx';

/** Asks for the token of `http.token`. */
export function LoginForm({ wasWrong, onToken }: { wasWrong: boolean; onToken(): void }) {
  const field = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState(wasWrong ? 'The connector no longer takes this token.' : '');
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    keepToken(field.current?.value.trim() ?? '');
    const answer = await ask('connector');
    if ('value' in answer) return onToken();
    setFault(answer.fault.status === 401 ? 'This is not the token.' : answer.fault.detail);
    field.current?.select();
  };
  return (
    <main class="login">
      <form class="panel" onSubmit={submit}>
        <h1 class="login-brand">
          <Icon name="brand" />
          onvif-connector
        </h1>
        <label for="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="token-help"
          aria-invalid={fault !== ''}
        />
        <p id="token-help" class="hint">
          The one of <code>http.token</code> in the configuration. It stays in this tab.
        </p>
        <p class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="primary">
          Log in
        </button>
      </form>
    </main>
  );
}
