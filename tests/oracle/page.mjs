// The page at / in a real browser: each kind of field in both columns, by mouse and by keyboard. TAP.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { plan, skip, startSandbox, test } from './harness.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

if (!existsSync(executablePath)) {
	skip('the page', 'no chromium');
	process.exit(plan());
}

const sandbox = await startSandbox();
const { base, control, sf } = sandbox;

await control('POST', '/load', {
	people: [{ id: 88, salesforce_id: '003000000000088AAA', name: 'Bob Müller', email: 'bob@example.test' }],
	salesforce: [{ Id: '00T000000500001AAA', Subject: 'Send the quote', ActivityDate: '2030-01-01', WhoId: '003000000000088AAA' },
		{ Id: '00T000000500002AAA', Subject: 'Second', ActivityDate: '2030-01-02' }],
	salesconnect: [{ id: 501, name: 'Call Bob', due_date: '2030-01-01', person: { id: 88 } }, { id: 502, name: 'Later', due_date: '2030-01-02' }],
});
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const complaints = [];

page.setDefaultTimeout(5000);
page.on('pageerror', (e) => complaints.push(String(e)));
page.on('request', (r) => r.url().startsWith(base) || r.url().startsWith('data:') || complaints.push(r.url()));
await page.goto(base);

const SF = '00T000000500001AAA';
const card = (id) => page.locator(`article[data-id="${id}"]`);
const field = (id, name) => card(id).locator(`[data-field=${name}]`);
const record = async (system, id) => (await control('GET', `/tasks?system=${system}`)).tasks.find((t) => String(t.Id ?? t.id) === String(id));

/** Until the record says so: the page saves on its own time. */
async function becomes(system, id, want) {
	let t;

	for (let i = 0; i < 60; i++) {
		t = await record(system, id);
		if (t && Object.entries(want).every(([k, v]) => t[k] === v))
			return;
		await new Promise((r) => setTimeout(r, 50));
	}
	assert.deepEqual(Object.fromEntries(Object.keys(want).map((k) => [k, t?.[k]])), want);
}

await test('both columns show their tasks', async () => {
	await card(SF).waitFor();
	await card(501).waitFor();
	assert.equal(await field(SF, 'title').inputValue(), 'Send the quote');
	assert.match(await card(501).innerText(), /Bob Müller/);
});

const edits = [
	['sf', SF, 'title', 'Send the new quote', 'Subject'], ['sf', SF, 'status', 'In Progress', 'Status'],
	['sf', SF, 'priority', 'Low', 'Priority'], ['sf', SF, 'due', '2030-02-03', 'ActivityDate'],
	['sf', SF, 'details', 'Two years.\n\n- one', 'Description'],
	['sc', 501, 'title', 'Call Bob again', 'name'], ['sc', 501, 'status', 'complete', 'status'],
	['sc', 501, 'priority', 'high', 'priority'], ['sc', 501, 'due', '2030-02-04', 'due_date'],
	['sc', 501, 'details', 'He asked.\nTwice.', 'details'],
];

for (const [system, id, name, value, member] of edits)
	await test(`${system}: ${name} is edited`, async () => {
		const f = field(id, name);

		if (name === 'status' || name === 'priority')
			await f.selectOption(value);
		else
			await f.fill(value);
		await f.blur();
		await becomes(system, id, { [member]: value });
	});

await test('sc, sf: completed and reopened by the box', async () => {
	await card(502).locator('.done').check();
	await becomes('sc', 502, { status: 'complete' });
	await card(502).locator('.done').uncheck();
	await becomes('sc', 502, { status: 'open' });
	await card('00T000000500002AAA').locator('.done').check();
	await becomes('sf', '00T000000500002AAA', { Status: 'Completed', IsClosed: true });
	await card('00T000000500002AAA').locator('.done').uncheck();
	await becomes('sf', '00T000000500002AAA', { Status: 'Not Started', IsClosed: false });
});

await test('a due date and details are cleared', async () => {
	await field(502, 'due').fill('');
	await field(502, 'due').blur();
	await becomes('sc', 502, { due_date: null });
	await field(SF, 'details').fill('');
	await field(SF, 'details').blur();
	await becomes('sf', SF, { Description: null });
});

await test('a change from elsewhere arrives by itself', async () => {
	await sf('PATCH', `/services/data/v66.0/sobjects/Task/${SF}`, { Subject: 'From the API' });
	await page.waitForFunction((id) => document.querySelector(`article[data-id="${id}"] .title`).value === 'From the API', SF);
});

await test('a field being edited is left alone, its neighbours are not', async () => {
	await field(SF, 'title').click();
	await page.keyboard.press('End');
	await page.keyboard.type(' mine');
	await control('PATCH', `/tasks/${SF}?system=sf`, { Subject: 'theirs', Status: 'Deferred' });
	await page.waitForFunction((id) => document.querySelector(`article[data-id="${id}"] [data-field=status]`).value === 'Deferred', SF);
	assert.equal(await field(SF, 'title').inputValue(), 'From the API mine');
	await page.keyboard.type('!');
	await page.keyboard.press('Enter');
	await becomes('sf', SF, { Subject: 'From the API mine!', Status: 'Deferred' });
});

await test('keyboard: Escape gives up, Enter saves, arrows move', async () => {
	await field(501, 'title').focus();
	await page.keyboard.type('xyz');
	await page.keyboard.press('Escape');
	assert.equal(await field(501, 'title').inputValue(), 'Call Bob again');
	await page.keyboard.press('Control+A');
	await page.keyboard.type('By keyboard');
	await page.keyboard.press('Enter');
	await becomes('sc', 501, { name: 'By keyboard' });
	await page.keyboard.press('ArrowUp');
	assert.equal(await page.evaluate(() => document.activeElement.closest('article').dataset.id), '502');
});

await test('keyboard: Tab goes through a task in order', async () => {
	await card(502).locator('.done').focus();
	const seen = [];

	for (let i = 0; i < 12 && seen.at(-1) !== 'details'; i++) {
		await page.keyboard.press('Tab');
		const name = await page.evaluate(() => document.activeElement.dataset.field ?? document.activeElement.className);

		if (name !== seen.at(-1))
			seen.push(name);
	}
	assert.deepEqual(seen, ['title', 'quiet remove', 'status', 'priority', 'due', 'details']);
});

for (const [system, title] of [['sc', 'name'], ['sf', 'Subject']]) {
	await test(`${system}: a new task by keyboard alone, and gone again`, async () => {
		await page.locator(`#${system} form.new input`).focus();
		await page.keyboard.type(`new in ${system}`);
		await page.keyboard.press('Enter');
		const input = page.locator(`#${system} article .title`);

		await page.waitForFunction(([s]) => [...document.querySelectorAll(`#${s} .title`)].some((f) => f.value === `new in ${s}`), [system]);
		const all = (await control('GET', `/tasks?system=${system}`)).tasks;
		const t = all.find((x) => x[title] === `new in ${system}`);
		const id = t.Id ?? t.id;

		assert.ok(await input.count() >= 3);
		await field(id, 'title').focus();
		await page.keyboard.press('Control+Delete');
		await card(id).waitFor({ state: 'detached' });
		const after = await record(system, id);

		assert.ok(after.deleted || after.deleted_at);
	});
}

await test('delete by the button, see it among the deleted, restore it', async () => {
	await card(502).locator('.remove').click();
	await card(502).waitFor({ state: 'detached' });
	await page.locator('#gone').check();
	await card(502).waitFor();
	await card(502).locator('.remove').click();
	await becomes('sc', 502, { deleted_at: null });
	await page.locator('#gone').uncheck();
});

await test('a task goes also if its answer comes after the news of it', async () => {
	await page.route('**/sandbox/tasks/501?*', async (route) => {
		const response = await route.fetch();

		await new Promise((r) => setTimeout(r, 700));
		await route.fulfill({ response });
	});
	await card(501).locator('.remove').click();
	await card(501).waitFor({ state: 'detached' });
	await page.unrouteAll();
	await control('PATCH', '/tasks/501?system=sc', { deleted_at: null });
	await card(501).waitFor();
});

await test('a refused change is told and taken back', async () => {
	await field(502, 'title').fill('');
	await field(502, 'title').blur();
	await page.waitForFunction(() => document.querySelector('article[data-id="502"] .error').textContent.includes('blank'));
	assert.equal(await field(502, 'title').inputValue(), 'Later');
});

await test('/ goes to the filter, which narrows both columns', async () => {
	await page.locator('h1').click();
	await page.keyboard.press('/');
	await page.keyboard.type('keyboard');
	await page.waitForFunction(() => document.querySelectorAll('article').length === 1);
	await page.locator('#filter').fill('');
	await page.waitForFunction(() => document.querySelectorAll('article').length === 4);
});

await test('no script errors, no request to anywhere else, nothing wider than the window', async () => {
	assert.deepEqual(complaints, []);
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

if (process.env.SCREENSHOT) {
	await control('POST', '/reset');
	await control('POST', '/load', { generate: 24, seed: 5 });
	await page.waitForFunction(() => document.querySelectorAll('article').length > 20);
	await page.waitForTimeout(1800);
	await page.screenshot({ path: process.env.SCREENSHOT });
}
await browser.close();
await test('the sandbox ends although a page was watching', async () => {
	assert.equal(await sandbox.stop(), 0);
});
process.exitCode = plan();
