// click.mjs ADDRESS SYSTEM TITLE: a person opens the sandbox's page and ticks that task's box. Exit 75: there is no browser.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [, , address, system, title] = process.argv;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

if (!existsSync(executablePath))
	process.exit(75);
const rows = await (await fetch(`${address}/sandbox/tasks?system=${system}`)).json();
const row = rows.tasks.find((t) => (t.Subject ?? t.name) === title);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await browser.newPage();

page.setDefaultTimeout(15000);
await page.goto(address);
await page.locator(`article[data-id="${row.Id ?? row.id}"] .done`).check();
await page.waitForTimeout(500);
await browser.close();
