import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme } from './theme-switch.tsx';

applyTheme();
render(<App />, document.getElementById('page') as HTMLElement);
