import './no-eval.ts';
import { render } from 'preact';
import { App } from './app.tsx';
import './style/base.css';
import './style/views.css';
import './style/screens.css';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
