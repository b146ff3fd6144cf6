// Two worlds: the mini-program's logic layer is no browser (no window, fetch, localStorage); the phone and the workbench are.
const names = (list) => Object.fromEntries(list.split(/\s+/).map((name) => [name, 'readonly']));

const rules = {
  'no-undef': 'error',
  'no-unused-vars': 'error',
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-shadow-restricted-names': 'error',
  'no-unreachable': 'error',
  'no-dupe-keys': 'error',
  'no-const-assign': 'error',
  'no-async-promise-executor': 'error',
  'no-cond-assign': 'error',
  'no-self-assign': 'error',
  'use-isnan': 'error',
  'valid-typeof': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
};

export default [
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['miniprogram/**/*.js'],
    rules,
    languageOptions: {
      ecmaVersion: 2020,
      globals: names('my App Page getApp getCurrentPages console setTimeout clearTimeout'),
    },
  },
  {
    files: ['emulator/phone/**/*.js', 'emulator/static/**/*.js'],
    rules,
    languageOptions: {
      ecmaVersion: 2024,
      globals:
        names(`window document location history navigator parent localStorage sessionStorage console fetch crypto
        performance URL URLSearchParams Blob FormData AbortController AbortSignal DOMParser MutationObserver ResizeObserver
        CSSStyleSheet CustomEvent Event MouseEvent PopStateEvent Element HTMLElement Node matchMedia getComputedStyle
        addEventListener removeEventListener postMessage requestAnimationFrame cancelAnimationFrame innerWidth innerHeight devicePixelRatio structuredClone
        queueMicrotask setTimeout clearTimeout setInterval clearInterval`),
    },
  },
  { files: ['emulator/phone/expression.js'], rules: { eqeqeq: 'off' } }, // the mini-program's own ==
];
