// Two worlds: the mini-program's logic layer is no browser (no window, fetch, localStorage); the
// phone and the workbench are.
const names = (list) => Object.fromEntries(list.split(/\s+/).map((name) => [name, 'readonly']));

const mistakes = {
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

// One statement a line, one idea a statement.
const shape = {
  complexity: ['error', 10],
  'max-len': ['error', { code: 100, ignoreUrls: true }],
  'max-statements-per-line': ['error', { max: 1 }],
  'no-nested-ternary': 'error',
  'no-return-assign': ['error', 'always'],
  'no-sequences': 'error',
  'one-var': ['error', 'never'],
};

const miniprogram = {
  ecmaVersion: 2020,
  globals: names('my App Page getApp getCurrentPages console setTimeout clearTimeout'),
};

const browser = {
  ecmaVersion: 2024,
  globals: names(`window document location history navigator parent localStorage sessionStorage
    console fetch crypto performance URL URLSearchParams Blob FormData AbortController AbortSignal
    DOMException DOMParser MutationObserver ResizeObserver BroadcastChannel CSSStyleSheet CustomEvent Event
    MouseEvent PopStateEvent Element EventTarget HTMLElement Node matchMedia getComputedStyle addEventListener
    removeEventListener postMessage requestAnimationFrame cancelAnimationFrame innerWidth
    innerHeight devicePixelRatio structuredClone queueMicrotask setTimeout clearTimeout setInterval
    clearInterval`),
};

export default [
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['miniprogram/**/*.js', 'workbench/mistakes/**/*.js'],
    rules: { ...mistakes, ...shape },
    languageOptions: miniprogram,
  },
  {
    files: [
      'workbench/phone/**/*.js',
      'workbench/page/**/*.js',
      'emulator/static/**/*.js',
      'static/**/*.js',
    ],
    rules: { ...mistakes, ...shape },
    languageOptions: browser,
  },
];
