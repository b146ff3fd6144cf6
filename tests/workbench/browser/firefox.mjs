// Chapters 1 to 4 in Firefox, done as their own sentences say. Playwright drives only a Firefox of
// its own; puppeteer-core drives Debian's, by WebDriver BiDi.
// node firefox.mjs FIREFOX ADDRESS LABELS: LABELS are the buttons' by their glosses; prints what was seen, as JSON.
import puppeteer from 'puppeteer-core';

const [executablePath, address, labels] = process.argv.slice(2);
const {
  'member centre': MEMBER_CENTRE,
  'update member info': UPDATE,
  ...more
} = JSON.parse(labels);
const AUTHORISE = more['authorise and get member info'];
const browser = await puppeteer.launch({ browser: 'firefox', executablePath });
const page = await browser.newPage();
const errors = [];
page.on('pageerror', ({ message }) => errors.push(message));
page.setDefaultTimeout(30_000);

async function phone() {
  const frame = await page.waitForSelector('[data-testid=phone]');
  return frame.contentFrame();
}

/** Taps what the phone's newest page, or a dialog over it, has by this selector and text. */
async function tap(selector, text = '') {
  const screen = await phone();
  const find = (wanted, label) =>
    [...document.querySelectorAll(wanted)].find(
      (one) => one.textContent.includes(label) && one.checkVisibility() && !one.disabled,
    );
  const found = await screen.waitForFunction(find, {}, selector, text);
  await found.click();
}

const isDone = (chapter) => page.waitForSelector(`[data-chapter="${chapter}"].done`);
const textOf = (selector) => page.$eval(selector, (element) => element.innerText);

await page.setViewport({ width: 1366, height: 768 });
await page.goto(`${address}/workbench/?lang=en`);
await isDone(1);

await tap('button', MEMBER_CENTRE);
await tap('button', AUTHORISE);
await tap('#consent[open] [value=agree]');
await isDone(2);
await tap('button', UPDATE);
await page.waitForFunction(() => document.querySelector('#moral').dataset.moral === 'same');

const steps = await page.$$('[data-kind=exchange] summary');
await steps.at(-1).click();
await isDone(3);
const signed = await textOf('[data-kind=exchange] mark.good');

await page.click('#lie-name');
await tap('button', UPDATE);
await isDone(4);
const moral = await page.$eval('#moral', (element) => element.dataset.moral);
const different = (await page.$$('.differs')).length;

console.log(JSON.stringify({ version: await browser.version(), signed, moral, different, errors }));
await browser.close();
