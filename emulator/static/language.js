// Runs before the first paint, so that the page never flashes in the other language.
const wanted = new URLSearchParams(location.search).get('lang') || localStorage.getItem('workbench:lang') || navigator.language;
document.documentElement.lang = wanted.startsWith('zh') ? 'zh' : 'en';
