// Lighthouse runner: audits pages of the shop one after the other, in a browser of its own.
//
// Input, descriptor 3, one line:
//     {"browser": PATH, "folder": PATH, "pages": [{"name", "url", "form_factor": "phone" | "desktop", "cookie"}]}
// Output, descriptor 4, one line a page: {"name", "form_factor", "scores": {category: 0 to 1}, "metrics": {audit: number},
//     "requests": [{"url", "kind", "bytes"}], "findings": {category: [text]}}, or {"error": text} and then exit.
// The process exits when descriptor 3 is closed.
import {writeSync} from 'node:fs';
import {createRequire} from 'node:module';
import {Socket} from 'node:net';
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
const METRICS = [
  'first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'speed-index', 'cumulative-layout-shift', 'dom-size',
];
const ATTEMPTS_MAX = 3;
// Screenshots are for people to look at.
const OPTIONS = {
  output: 'json', logLevel: 'silent', disableFullPageScreenshot: true, skipAudits: ['screenshot-thumbnails', 'final-screenshot'],
};

const send = it => writeSync(4, `${JSON.stringify(it)}\n`);

// Failed audits by category, each with its first few elements.
const findings = ({categories, audits}) => Object.fromEntries(Object.values(categories).map(({id, auditRefs}) => [
  id,
  auditRefs
    .filter(({weight}) => weight > 0)
    .map(({id}) => audits[id])
    .filter(({score}) => score !== null && score < 1)
    .map(({id, title, displayValue, details}) => [
      id, title, displayValue, ...(details?.items ?? []).slice(0, 3).map(({node, url, description}) => node?.snippet ?? url ?? description),
    ].filter(Boolean).join(' | ')),
]));

const toResult = ({name, form_factor}, {categories, audits}) => ({
  name,
  form_factor,
  scores: Object.fromEntries(Object.values(categories).map(({id, score}) => [id, score])),
  metrics: Object.fromEntries(METRICS.map(id => [id, audits[id]?.numericValue ?? null])),
  requests: audits['network-requests'].details.items
    .map(({url, resourceType, transferSize}) => ({url, kind: resourceType, bytes: transferSize})),
  findings: findings({categories, audits}),
});

// Retries, because the trace of a visit sometimes has no start of navigation (NO_NAVSTART), whatever the page.
const audit = async (lighthouse, flags, config, {name, url}) => {
  for (let attempt = 1; ; attempt++) {
    const {lhr} = await lighthouse(url, flags, config);
    if (!lhr.runtimeError) return lhr;
    if (attempt === ATTEMPTS_MAX) throw new Error(`${name}: ${lhr.runtimeError.message}`);
  }
};

const auditPages = async ({browser, folder, pages}) => {
  const entry = process.env.TEST_LIGHTHOUSE;
  const {default: lighthouse, desktopConfig} = await import(pathToFileURL(entry));
  const {launch} = await import(pathToFileURL(createRequire(entry).resolve('chrome-launcher')));
  const chrome = await launch({chromePath: browser, chromeFlags: FLAGS, userDataDir: folder, logLevel: 'silent'});
  process.on('exit', () => chrome.kill());
  for (const page of pages) {
    const flags = {...OPTIONS, port: chrome.port};
    if (page.cookie) flags.extraHeaders = {Cookie: page.cookie};
    const config = page.form_factor === 'desktop' ? desktopConfig : undefined;
    send(toResult(page, await audit(lighthouse, flags, config, page)));
  }
};

const lines = createInterface({input: new Socket({fd: 3, readable: true, writable: false})});
lines.on('close', () => process.exit());
lines.once('line', line => auditPages(JSON.parse(line)).catch(error => send({error: error.stack})).finally(() => process.exit()));
