// Has Lighthouse look at pages of the shop, one after the other, in one browser of its own.
//
// In, descriptor 3, one line: {"browser": PATH, "folder": PATH, "pages": [{"name", "url", "width": "phone" | "desktop", "cookie"}]}
// Out, descriptor 4, one line a page: {"name", "width", "scores": {category: 0 to 1}, "figures": {audit: number},
//     "requests": [{"url", "kind", "bytes"}], "findings": {category: [text]}}, or {"error": text} and the end.
// When descriptor 3 is closed, nobody wants to know any more.
import {writeSync} from 'node:fs';
import {createRequire} from 'node:module';
import {Socket} from 'node:net';
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
const FIGURES = [
  'first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'speed-index', 'cumulative-layout-shift', 'dom-size',
];
const VISITS_MAX = 3;
// Pictures of the page are for people to look at.
const WITHOUT = {
  output: 'json', logLevel: 'silent', disableFullPageScreenshot: true, skipAudits: ['screenshot-thumbnails', 'final-screenshot'],
};

const say = it => writeSync(4, `${JSON.stringify(it)}\n`);

// What keeps each category from being full: the rule, and the first places.
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

const told = ({name, width}, {categories, audits}) => ({
  name,
  width,
  scores: Object.fromEntries(Object.values(categories).map(({id, score}) => [id, score])),
  figures: Object.fromEntries(FIGURES.map(id => [id, audits[id]?.numericValue ?? null])),
  requests: audits['network-requests'].details.items
    .map(({url, resourceType, transferSize}) => ({url, kind: resourceType, bytes: transferSize})),
  findings: findings({categories, audits}),
});

// Now and then the browser's record of a visit has no beginning (NO_NAVSTART), whatever the page: then another visit.
const look = async (lighthouse, flags, config, {name, url}) => {
  for (let visit = 1; ; visit++) {
    const {lhr} = await lighthouse(url, flags, config);
    if (!lhr.runtimeError) return lhr;
    if (visit === VISITS_MAX) throw new Error(`${name}: ${lhr.runtimeError.message}`);
  }
};

const examine = async ({browser, folder, pages}) => {
  const entry = process.env.TEST_LIGHTHOUSE;
  const {default: lighthouse, desktopConfig} = await import(pathToFileURL(entry));
  const {launch} = await import(pathToFileURL(createRequire(entry).resolve('chrome-launcher')));
  const chrome = await launch({chromePath: browser, chromeFlags: FLAGS, userDataDir: folder, logLevel: 'silent'});
  process.on('exit', () => chrome.kill());
  for (const page of pages) {
    const flags = {...WITHOUT, port: chrome.port};
    if (page.cookie) flags.extraHeaders = {Cookie: page.cookie};
    const config = page.width === 'desktop' ? desktopConfig : undefined;
    say(told(page, await look(lighthouse, flags, config, page)));
  }
};

const lines = createInterface({input: new Socket({fd: 3, readable: true, writable: false})});
lines.on('close', () => process.exit());
lines.once('line', line => examine(JSON.parse(line)).catch(error => say({error: error.stack})).finally(() => process.exit()));
