// A real Salesforce client (jsforce, row by row of salesforce.md section 7), then plain requests for what it
// does not do, against a sandbox of our own. TAP on standard output.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import jsforce from 'jsforce';
import { plan, startSandbox, test } from './harness.mjs';

const sandbox = await startSandbox();
const { base, call, control, sf, sc, as } = sandbox;
const V = '/services/data/v66.0';
const ME = '005000000000007AAA';
const BEN = '005000000000008AAA';
const q = (soql, all = '') => sf('GET', `${V}/query${all}?q=${encodeURIComponent(soql)}`);
const ids = (res) => res.json.records.map((r) => r.Id);
const code = (res) => res.json?.[0]?.errorCode;
const connect = (more = {}) => new jsforce.Connection({ instanceUrl: base, accessToken: 'sf-token', version: '66.0', ...more });
const conn = connect();
const fresh = async (dataset) => {
	await control('POST', '/reset');
	if (dataset)
		await control('POST', '/load', dataset);
};
const newTask = async (fields = { Subject: 'a' }) => (await sf('POST', `${V}/sobjects/Task`, fields)).json.id;
const fault = (name, more = {}) => control('POST', '/fault', { name, count: 1, ...more });
const task = async (id) => (await control('GET', '/tasks?system=sf')).tasks.find((t) => t.Id === id);

// ---------------------------------------------------------------- jsforce

await test('jsforce: query answers totalSize, done and records', async () => {
	await fresh({ generate: 30, seed: 4, only: 'salesforce' });
	const r = await conn.query('SELECT Id, Subject, Who.Name FROM Task ORDER BY Id LIMIT 5');

	assert.equal(r.totalSize, 5);
	assert.equal(r.done, true);
	assert.equal(r.records.length, 5);
	assert.equal(r.records[0].attributes.type, 'Task');
	assert.ok(r.records.some((t) => t.Who?.Name));
});

await test('jsforce: queryMore follows nextRecordsUrl to the end, without losing or repeating a row', async () => {
	await control('POST', '/config', { page_size: 7 });
	let r = await conn.query('SELECT Id FROM Task ORDER BY Id');
	const seen = [...r.records];
	let pages = 1;

	assert.equal(r.totalSize, 30);
	while (!r.done) {
		r = await conn.queryMore(r.nextRecordsUrl);
		seen.push(...r.records);
		pages++;
	}
	assert.equal(pages, 5);
	assert.equal(new Set(seen.map((t) => t.Id)).size, 30);
	await control('POST', '/config', { page_size: 2000 });
});

await test('jsforce: autoFetch with maxFetch', async () => {
	await control('POST', '/config', { page_size: 7 });
	const records = await conn.query('SELECT Id FROM Task').execute({ autoFetch: true, maxFetch: 100 });

	assert.equal((records.records ?? records).length, 30);
	await control('POST', '/config', { page_size: 2000 });
});

await test('jsforce: scanAll goes to queryAll and sees the deleted', async () => {
	const [victim] = (await conn.query('SELECT Id FROM Task LIMIT 1')).records;

	await conn.sobject('Task').destroy(victim.Id);
	const plain = await conn.query('SELECT Id FROM Task');
	const all = await conn.query('SELECT Id, IsDeleted FROM Task', { scanAll: true });

	assert.equal(plain.totalSize, 29);
	assert.equal(all.totalSize, 30);
	assert.equal(all.records.find((t) => t.Id === victim.Id).IsDeleted, true);
});

await test('jsforce: find().sort().limit()', async () => {
	const r = await conn.sobject('Task').find({ OwnerId: ME, IsClosed: false }, 'Id, Subject, SystemModstamp')
		.sort({ SystemModstamp: -1 }).limit(5);

	assert.equal(r.length, 5);
	assert.deepEqual(r.map((t) => t.SystemModstamp), r.map((t) => t.SystemModstamp).sort().reverse());
	const dated = await conn.sobject('Task').find({ ActivityDate: jsforce.SfDate.toDateLiteral('1970-01-01') }, 'Id');

	assert.equal(dated.length, 0);
});

await test('jsforce: count', async () => {
	assert.equal(await conn.sobject('Task').count({ IsDeleted: false }), 29);
});

let one;
await test('jsforce: create one', async () => {
	const r = await conn.sobject('Task').create({ Subject: 'from jsforce', ActivityDate: '2026-12-01' });

	assert.equal(r.success, true);
	assert.match(r.id, /^00T[0-9A-Za-z]{15}$/);
	one = r.id;
});

let two;
await test('jsforce: create many, one of them bad', async () => {
	const r = await conn.sobject('Task').create([{ Subject: 'x' }, { Subject: 'y'.repeat(256) }, { Subject: 'z' }]);

	assert.deepEqual(r.map((i) => i.success), [true, false, true]);
	assert.equal(r[1].errors[0].statusCode, 'STRING_TOO_LONG');
	two = [r[0].id, r[2].id];
});

await test('jsforce: update one and many', async () => {
	assert.equal((await conn.sobject('Task').update({ Id: one, Subject: 'changed' })).success, true);
	const r = await conn.sobject('Task').update(two.map((Id) => ({ Id, Priority: 'High' })));

	assert.ok(r.every((i) => i.success));
	assert.equal((await task(one)).Subject, 'changed');
	assert.equal((await task(two[1])).IsHighPriority, true);
});

await test('jsforce: upsert one and many by external id', async () => {
	await control('POST', '/config', { external_id: true });
	const first = await conn.sobject('Task').upsert({ Subject: 'u', remindfs_id__c: 'k1' }, 'remindfs_id__c');
	const again = await conn.sobject('Task').upsert({ Subject: 'u2', remindfs_id__c: 'k1' }, 'remindfs_id__c');
	const many = await conn.sobject('Task').upsert([{ Subject: 'u3', remindfs_id__c: 'k1' },
		{ Subject: 'v', remindfs_id__c: 'k2' }], 'remindfs_id__c');

	assert.equal(first.created, true);
	assert.equal(again.created, false);
	assert.equal(again.id, first.id);
	assert.deepEqual(many.map((i) => i.created), [false, true]);
	assert.equal((await task(first.id)).Subject, 'u3');
	await control('POST', '/config', { external_id: false });
});

await test('jsforce: retrieve one, some fields of one, many with holes', async () => {
	const whole = await conn.sobject('Task').retrieve(one);

	assert.equal(whole.Subject, 'changed');
	assert.equal(whole.Status, 'Not Started');
	const part = await conn.sobject('Task').retrieve(one, { fields: ['Id', 'Subject'] });

	assert.deepEqual(Object.keys(part).sort(), ['Id', 'Subject', 'attributes']);
	const many = await conn.sobject('Task').retrieve([one, '00T000000999999AAA', two[0]], { fields: ['Id'] });

	assert.deepEqual(many.map((t) => t?.Id ?? null), [one, null, two[0]]);
});

await test('jsforce: destroy one and many; again is ENTITY_IS_DELETED', async () => {
	assert.equal((await conn.sobject('Task').destroy(one)).success, true);
	assert.ok((await conn.sobject('Task').destroy(two)).every((i) => i.success));
	await assert.rejects(conn.sobject('Task').destroy(one), (e) => e.errorCode === 'ENTITY_IS_DELETED');
});

await test('jsforce: updated and deleted', async () => {
	const start = new Date(Date.now() - 3600e3), end = new Date(Date.now() + 120e3);
	const u = await conn.sobject('Task').updated(start, end);
	const d = await conn.sobject('Task').deleted(start, end);

	assert.ok(Array.isArray(u.ids) && u.latestDateCovered);
	assert.ok(d.deletedRecords.some((r) => r.id === one));
	assert.ok(d.earliestDateAvailable);
});

await test('jsforce: limits and limitInfo', async () => {
	const l = await conn.limits();

	assert.ok(l.DailyApiRequests.Remaining < l.DailyApiRequests.Max);
	assert.ok(conn.limitInfo.apiUsage.used > 0);
});

await test('jsforce: describe', async () => {
	const d = await conn.sobject('Task').describe();
	const f = Object.fromEntries(d.fields.map((x) => [x.name, x]));

	assert.equal(f.Subject.length, 255);
	assert.equal(f.Description.filterable, false);
	assert.equal(f.TaskSubtype.updateable, false);
	assert.ok(f.Status.picklistValues.some((v) => v.value === 'Not Started' && v.defaultValue));
	assert.equal(f.remindfs_id__c, undefined);
	assert.ok((await conn.describeGlobal()).sobjects.some((o) => o.name === 'Task'));
});

await test('jsforce: identity', async () => {
	const who = await conn.identity();

	assert.equal(who.user_id, ME);
	assert.equal(who.username, 'ann@example.test');
});

await test('jsforce: an expired session is refreshed and the request sent again', async () => {
	const oauth2 = { clientId: 'remindfs-test', clientSecret: 's', redirectUri: 'http://127.0.0.1/cb', loginUrl: base };
	const c = new jsforce.Connection({ instanceUrl: base, accessToken: 'stale', refreshToken: 'sf-refresh', oauth2, version: '66.0' });
	let refreshed = 0;

	c.on('refresh', () => refreshed++);
	assert.ok((await c.query('SELECT COUNT() FROM Task')).totalSize > 0);
	assert.equal(refreshed, 1);
});

await test('jsforce: authorization code with PKCE, then logout', async () => {
	const oauth2 = new jsforce.OAuth2({ clientId: 'remindfs-test', redirectUri: 'http://127.0.0.1:9/cb', loginUrl: base, useVerifier: true });
	const url = oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 's 1' });
	const res = await fetch(`${url}&auto=1`, { redirect: 'manual' });
	const to = new URL(res.headers.get('location'));

	assert.equal(to.searchParams.get('state'), 's 1');
	const c = new jsforce.Connection({ oauth2, version: '66.0' });
	const who = await c.authorize(to.searchParams.get('code'));

	assert.equal(who.id, ME);
	assert.ok(c.refreshToken);
	assert.ok((await c.query('SELECT Id FROM User')).totalSize >= 2);
	const { accessToken } = c;

	await c.logout();
	assert.equal((await as(accessToken)('GET', `${V}/limits`)).status, 401);
});

await test('jsforce: client credentials', async () => {
	const c = new jsforce.Connection({ instanceUrl: base, loginUrl: base, version: '66.0',
		oauth2: { clientId: 'remindfs-test', clientSecret: 's', loginUrl: base } });

	await c.authorize({ grant_type: 'client_credentials' });
	assert.equal((await c.identity()).user_id, ME);
});

await test('jsforce: SOAP login', async () => {
	const c = new jsforce.Connection({ loginUrl: base, version: '66.0' });

	assert.equal((await c.login('ann@example.test', 'secret')).id, ME);
	assert.ok((await c.query('SELECT COUNT() FROM Task')).totalSize > 0);
	await assert.rejects(new jsforce.Connection({ loginUrl: base }).login('nobody', 'x'), /INVALID_LOGIN/);
});

await test('jsforce: errors keep their code', async () => {
	await assert.rejects(conn.query('SELECT Foo FROM Task'), (e) => e.errorCode === 'INVALID_FIELD');
	await assert.rejects(conn.sobject('Task').create({ Nope: 1 }), (e) => e.errorCode === 'INVALID_FIELD');
});

await test('what a command-line login asks: userinfo, then its own User row', async () => {
	const who = (await sf('GET', '/services/oauth2/userinfo')).json;
	const user = await sf('GET', `/services/data/v51.0/sobjects/User/${who.user_id}`);

	assert.equal(user.json.Username, 'ann@example.test');
	assert.equal(who.zoneinfo, 'America/Denver');
});

await test('versions without a token, OAuth scheme, trailing slash, chunked body, _HttpMethod', async () => {
	assert.ok((await call('GET', '/services/data')).json.some((v) => v.version === '66.0'));
	assert.equal((await call('GET', `${V}/limits/`, undefined, { Authorization: 'OAuth sf-token' })).status, 200);
	const chunked = await fetch(`${base}${V}/sobjects/Task/`, {
		method: 'POST', duplex: 'half', headers: { authorization: 'Bearer sf-token', 'content-type': 'application/json' },
		body: new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('{"Subject":"chunks"}')); c.close(); } }),
	});

	assert.equal(chunked.status, 201);
	const { id } = await chunked.json();

	assert.equal((await sf('POST', `${V}/sobjects/Task/${id}?_HttpMethod=PATCH`, { Subject: 'p' })).status, 204);
	assert.equal((await call('GET', '/services/data/v29.0/limits', undefined, { Authorization: 'Bearer sf-token' })).status, 410);
	assert.equal((await sf('GET', '/services/data/v99.0/limits')).status, 404);
	assert.equal((await sf('PUT', `${V}/sobjects/Task/${id}`, {})).status, 405);
});

// ---------------------------------------------------------------- SOQL

const MANY = {
	people: [{ id: 88, salesforce_id: '003000000000088AAA', name: 'Bob Müller', email: 'bob@example.test' }],
	salesforce: [
		{ Id: '00T000000500001AAA', Subject: 'Alpha', ActivityDate: '2026-12-01', WhoId: '003000000000088AAA', CreatedDate: '2026-11-01T10:00:00Z' },
		{ Id: '00T000000500002AAA', Subject: "it's 100%_ \\ok\\", Priority: 'High', CreatedDate: '2026-11-02T10:00:00Z' },
		{ Id: '00T000000500003AAA', Subject: 'beta', Status: 'Completed', ActivityDate: '2026-12-03', CreatedDate: '2026-11-03T10:00:00Z' },
		{ Id: '00T000000500004AAA', Status: 'In Progress', ActivityDate: '2026-12-04', CreatedDate: '2026-11-04T10:00:00Z' },
	],
};
const A = MANY.salesforce.map((t) => t.Id);
const selects = [
	["Subject = 'ALPHA'", [0]],
	["Subject = 'it\\'s 100%_ \\\\ok\\\\'", [1]],
	["Subject LIKE '%100\\%\\_%'", [1]],
	["Subject LIKE '_eta'", [2]],
	['Subject = null', [3]],
	['Subject != null', [0, 1, 2]],
	["Subject != 'Alpha'", [1, 2, 3]],
	["NOT Subject = 'Alpha'", [1, 2, 3]],
	['ActivityDate >= 2026-12-03', [2, 3]],
	['ActivityDate < 2026-12-03', [0]],
	['ActivityDate = NULL', [1]],
	['IsClosed = TRUE', [2]],
	['CreatedDate <= 2026-11-02T10:00:00Z', [0, 1]],
	['CreatedDate <= 2026-11-02T11:00:00%2B01:00'.replace('%2B', '+'), [0, 1]],
	["Status IN ('Completed', 'In Progress')", [2, 3]],
	["Status NOT IN ('Completed', 'In Progress')", [0, 1]],
	["Subject NOT IN ('Alpha', 'beta')", [1, 3]],
	["Subject IN ('Alpha', null)", [0, 3]],
	["NOT Subject LIKE 'a%'", [1, 2, 3]],
	["(Status = 'Completed' OR Priority = 'High') AND ActivityDate = null", [1]],
	["NOT (Status = 'Completed' OR Priority = 'High')", [0, 3]],
	["Who.Name = 'bob müller'", [0]],
	["Who.Email = 'bob@example.test' AND WhoId = '003000000000088'", [0]],
	[`OwnerId='${ME}' AND Id > '00T000000500002AAA'`, [2, 3]],
	[`CreatedById='${ME}' AND CreatedDate>=2026-11-01T00:00:00Z AND Subject='Alpha'`, [0]],
];

await fresh(MANY);
for (const [where, want] of selects)
	await test(`SOQL: ${where}`, async () => {
		const r = await q(`SELECT Id FROM Task WHERE ${where} ORDER BY Id`);

		assert.equal(r.status, 200, r.text);
		assert.deepEqual(ids(r), want.map((i) => A[i]));
	});

const orders = [
	['ActivityDate', [1, 0, 2, 3]],
	['ActivityDate ASC NULLS LAST', [0, 2, 3, 1]],
	['ActivityDate DESC NULLS LAST, Id', [3, 2, 0, 1]],
	['Priority, Subject DESC NULLS FIRST', [1, 3, 2, 0]],
	['Who.Name NULLS LAST, Id', [0, 1, 2, 3]],
	['Id LIMIT 2 OFFSET 1', [1, 2]],
];

for (const [order, want] of orders)
	await test(`SOQL: ORDER BY ${order}`, async () => {
		const r = await q(`SELECT Id FROM Task ORDER BY ${order}`);

		assert.deepEqual(ids(r), want.map((i) => A[i]), r.text);
	});

const refusals = [
	['SELECT Foo FROM Task', 'INVALID_FIELD', /No such column 'Foo' on entity 'Task'/],
	['SELECT Id FROM Nothing', 'INVALID_TYPE', /sObject type 'Nothing' is not supported/],
	["SELECT Id FROM Task WHERE Description = 'x'", 'INVALID_FIELD', /can not be filtered/],
	['SELECT Id FROM Task ORDER BY Description', 'MALFORMED_QUERY', /can not be sorted/],
	['SELECT Id FRM Task', 'MALFORMED_QUERY', /unexpected token: 'FRM'/],
	['SELECT Id FROM Task WHERE', 'MALFORMED_QUERY', /<EOF>/],
	["SELECT Id FROM Task WHERE Subject = 'open", 'MALFORMED_QUERY', /mismatched character/],
	["SELECT Id FROM Task WHERE Subject = 'a\\q'", 'MALFORMED_QUERY', /escape/],
	["SELECT Id FROM Task WHERE Id = null AND Id = null OR Id = null", 'MALFORMED_QUERY', /unexpected token: 'OR'/],
	["SELECT Id FROM Task WHERE ActivityDate = '2026-12-01'", 'INVALID_FIELD', /should not be enclosed in quotes/],
	['SELECT Id FROM Task WHERE Subject = 5', 'INVALID_FIELD', /should be enclosed in quotes/],
	["SELECT Id FROM Task WHERE OwnerId = 'me'", 'INVALID_QUERY_FILTER_OPERATOR', /invalid ID field: me/],
	['SELECT Id, Id FROM Task', 'INVALID_FIELD', /duplicate field/],
	['SELECT Status, COUNT(Id) FROM Task GROUP BY Status', 'MALFORMED_QUERY', /unexpected token/],
	['SELECT Id FROM Task LIMIT -1', 'MALFORMED_QUERY', /unexpected token/],
	['SELECT Id FROM Task OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE', /offset/],
	['SELECT Other.Name FROM Task', 'INVALID_FIELD', /relationship 'Other'/],
	['DELETE FROM Task', 'MALFORMED_QUERY', /unexpected token: 'DELETE'/],
	[`SELECT Id FROM Task WHERE ${'('.repeat(200)}Id = null`, 'MALFORMED_QUERY', /nested/],
	[`SELECT Id FROM Task WHERE Id=null${' OR Id=null'.repeat(600)}`, 'QUERY_TOO_COMPLICATED', /too complicated/],
];

for (const [soql, want, message] of refusals)
	await test(`SOQL: refuses ${soql.slice(0, 60)}`, async () => {
		const r = await q(soql);

		assert.equal(r.status, 400, r.text);
		assert.equal(code(r), want);
		assert.match(r.json[0].message, message);
	});

await test('SOQL: an error points at the place', async () => {
	const r = await q('SELECT Id, Foo FROM Task');

	assert.match(r.json[0].message, /^\nSELECT Id, Foo FROM Task\n {11}\^\nERROR at Row:1:Column:12\n/);
});

await test('SOQL: COUNT() has a total and no rows; TaskStatus, TaskPriority, User, Contact can be read', async () => {
	const n = await q("SELECT COUNT() FROM Task WHERE IsClosed = false");

	assert.deepEqual([n.json.totalSize, n.json.records.length], [3, 0]);
	const s = await q('SELECT ApiName,MasterLabel,IsClosed,IsDefault,SortOrder FROM TaskStatus ORDER BY SortOrder');

	assert.deepEqual(s.json.records.map((r) => r.ApiName),
		['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred']);
	assert.deepEqual(s.json.records.map((r) => r.IsClosed), [false, false, true, false, false]);
	assert.equal((await q('SELECT ApiName FROM TaskPriority WHERE IsHighPriority = true')).json.records[0].ApiName, 'High');
	const c = await q("SELECT Id,Name,Email FROM Contact WHERE Id IN ('003000000000088AAA')");

	assert.equal(c.json.records[0].Email, 'bob@example.test');
	assert.equal((await q('SELECT Id FROM Lead')).json.totalSize, 0);
});

await test('SOQL: today and its neighbours', async () => {
	const day = (n) => new Date(Date.now() + n * 864e5).toISOString().slice(0, 10);

	for (const n of [-1, 0, 1, 3])
		await newTask({ Subject: `day${n}`, ActivityDate: day(n) });
	const of = async (w) => (await q(`SELECT Subject FROM Task WHERE Subject LIKE 'day%' AND ActivityDate ${w} ORDER BY ActivityDate`))
		.json.records.map((r) => r.Subject);

	assert.deepEqual(await of('= TODAY'), ['day0']);
	assert.deepEqual(await of('= TOMORROW'), ['day1']);
	assert.deepEqual(await of('< TODAY'), ['day-1']);
	assert.deepEqual(await of('= NEXT_N_DAYS:3'), ['day1', 'day3']);
	assert.deepEqual(await of('>= TODAY'), ['day0', 'day1', 'day3']);
});

await test('SOQL: batchSize asks for shorter pages; a lost locator is INVALID_QUERY_LOCATOR', async () => {
	await fresh({ generate: 450, only: 'salesforce' });
	const first = await sf('GET', `${V}/query?q=${encodeURIComponent('SELECT Id FROM Task')}`, undefined,
		{ 'Sforce-Query-Options': 'batchSize=200' });

	assert.equal(first.json.records.length, 200);
	assert.equal(first.json.done, false);
	const second = await sf('GET', first.json.nextRecordsUrl);

	assert.equal(second.status, 200);
	await fault('bad-locator', { match: '/query/' });
	assert.equal(code(await sf('GET', second.json.nextRecordsUrl ?? first.json.nextRecordsUrl)), 'INVALID_QUERY_LOCATOR');
	assert.equal(code(await sf('GET', first.json.nextRecordsUrl)), 'INVALID_QUERY_LOCATOR');
});

await test('a page shows the rows as they are now, of the ids there were then', async () => {
	await fresh({ generate: 10, only: 'salesforce' });
	await control('POST', '/config', { page_size: 5 });
	const first = await q('SELECT Id,Subject FROM Task ORDER BY Id');
	const last = (await q('SELECT Id FROM Task ORDER BY Id DESC')).json.records[0].Id;

	await newTask({ Subject: 'late' });
	await control('PATCH', `/tasks/${last}?system=sf`, { Subject: 'renamed' });
	const second = await sf('GET', first.json.nextRecordsUrl);

	assert.equal(second.json.records.at(-1).Subject, 'renamed');
	assert.equal(second.json.totalSize, 10);
	await control('POST', '/config', { page_size: 2000 });
});

// ---------------------------------------------------------------- Salesforce rows

await fresh(MANY);
const writes = [
	['unknown field', { Nope: 'x' }, 400, 'INVALID_FIELD'],
	['read-only field', { IsClosed: true }, 400, 'INVALID_FIELD_FOR_INSERT_UPDATE'],
	['long subject', { Subject: 'é'.repeat(256) }, 400, 'STRING_TOO_LONG'],
	['long details', { Description: 'x'.repeat(32001) }, 400, 'STRING_TOO_LONG'],
	['unlisted status', { Status: 'Done' }, 400, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST'],
	['no status', { Status: null }, 400, 'REQUIRED_FIELD_MISSING'],
	['bad date', { ActivityDate: '2026-02-30' }, 400, 'JSON_PARSER_ERROR'],
	['number for text', { Subject: 5 }, 400, 'JSON_PARSER_ERROR'],
	['unknown person', { WhoId: '003000000000999AAA' }, 400, 'INVALID_CROSS_REFERENCE_KEY'],
	['not an id', { WhoId: 'bob' }, 400, 'MALFORMED_ID'],
	['not JSON', '{"Subject":', 400, 'JSON_PARSER_ERROR', { 'Content-Type': 'application/json' }],
	['no JSON type', '{"Subject":"a"}', 415, 'UNSUPPORTED_MEDIA_TYPE', { 'Content-Type': 'text/plain' }],
];

for (const [name, body, status, want, headers] of writes)
	await test(`SF write: refuses ${name}`, async () => {
		for (const [method, path] of [['POST', ''], ['PATCH', `/${A[0]}`]]) {
			const r = await sf(method, `${V}/sobjects/Task${path}`, body, headers);

			assert.equal(r.status, status, r.text);
			assert.equal(code(r), want);
		}
		assert.equal((await task(A[0])).Subject, 'Alpha');
	});

await test('SF write: 255 characters fit whatever their bytes; spaces at the end go, nothing is null', async () => {
	const id = await newTask({ Subject: `${'é'.repeat(255)}  `, Description: '   ' });

	assert.equal((await task(id)).Subject, 'é'.repeat(255));
	assert.equal((await task(id)).Description, null);
	assert.equal((await sf('PATCH', `${V}/sobjects/Task/${id}`, { Subject: '' })).status, 204);
	assert.equal((await task(id)).Subject, null);
});

await test('SF write: what follows from the status and the priority', async () => {
	const id = await newTask();

	await sf('PATCH', `${V}/sobjects/Task/${id}`, { Status: 'Completed', Priority: 'High' });
	let t = await task(id);

	assert.deepEqual([t.IsClosed, t.IsHighPriority], [true, true]);
	assert.match(t.CompletedDateTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/);
	await sf('PATCH', `${V}/sobjects/Task/${id}`, { Status: 'Deferred' });
	t = await task(id);
	assert.deepEqual([t.IsClosed, t.CompletedDateTime], [false, null]);
});

await test('SF write: a colleague\'s task can be read, not written; private sharing hides it', async () => {
	await control('PATCH', `/tasks/${A[0]}?system=sf`, { OwnerId: BEN });
	assert.equal((await sf('GET', `${V}/sobjects/Task/${A[0]}`)).status, 200);
	const r = await sf('PATCH', `${V}/sobjects/Task/${A[0]}`, { Subject: 'mine' });

	assert.deepEqual([r.status, code(r)], [403, 'INSUFFICIENT_ACCESS_OR_READONLY']);
	await control('POST', '/config', { private_sharing: true });
	assert.equal((await sf('GET', `${V}/sobjects/Task/${A[0]}`)).status, 404);
	assert.ok(!ids(await q('SELECT Id FROM Task')).includes(A[0]));
	await control('POST', '/config', { private_sharing: false });
	await control('PATCH', `/tasks/${A[0]}?system=sf`, { OwnerId: ME });
});

await test('SF conditional PATCH: 412 after a change, 204 before, 400 for nonsense, also inside composite', async () => {
	await control('PATCH', `/tasks/${A[0]}?system=sf`, { LastModifiedDate: '2026-11-20T10:00:00Z' });
	const url = `${V}/sobjects/Task/${A[0]}`;
	const since = (d) => ({ 'If-Unmodified-Since': d });
	const early = 'Fri, 20 Nov 2026 09:59:59 GMT', exact = 'Fri, 20 Nov 2026 10:00:00 GMT';

	assert.equal((await sf('PATCH', url, { Subject: 'no' }, since(early))).status, 412);
	assert.equal((await task(A[0])).Subject, 'Alpha');
	assert.equal((await sf('PATCH', url, { Subject: 'no' }, since('yesterday'))).status, 400);
	const sub = (httpHeaders) => sf('POST', `${V}/composite`, { compositeRequest: [
		{ method: 'PATCH', url, referenceId: 'p', body: { Subject: 'via composite' }, httpHeaders },
		{ method: 'GET', url: `${url}?fields=Subject`, referenceId: 'g' }] });
	let r = (await sub(since(early))).json.compositeResponse;

	assert.deepEqual(r.map((x) => x.httpStatusCode), [412, 200]);
	assert.equal(r[1].body.Subject, 'Alpha');
	r = (await sub(since(exact))).json.compositeResponse;
	assert.deepEqual(r.map((x) => x.httpStatusCode), [204, 200]);
	assert.equal(r[0].body, null);
	assert.equal(r[1].body.Subject, 'via composite');
	assert.equal((await sf('GET', url, undefined, { 'If-Modified-Since': new Date(Date.now() + 5e3).toUTCString() })).status, 304);
});

await test('SF composite: allOrNone halts and undoes, @{ref.id} is filled in, 26 are too many', async () => {
	const url = `${V}/sobjects/Task`;
	const before = (await q('SELECT COUNT() FROM Task')).json.totalSize;
	const bad = await sf('POST', `${V}/composite`, { allOrNone: true, compositeRequest: [
		{ method: 'POST', url, referenceId: 'a', body: { Subject: 'a' } },
		{ method: 'POST', url, referenceId: 'b', body: { Nope: 'b' } },
		{ method: 'POST', url, referenceId: 'c', body: { Subject: 'c' } }] });

	assert.deepEqual(bad.json.compositeResponse.map((x) => x.body[0].errorCode),
		['PROCESSING_HALTED', 'INVALID_FIELD', 'PROCESSING_HALTED']);
	assert.equal((await q('SELECT COUNT() FROM Task')).json.totalSize, before);
	const good = await sf('POST', `${V}/composite`, { compositeRequest: [
		{ method: 'POST', url, referenceId: 'a', body: { Subject: 'a' } },
		{ method: 'PATCH', url: `${url}/@{a.id}`, referenceId: 'b', body: { Status: 'Completed' } }] });

	assert.deepEqual(good.json.compositeResponse.map((x) => x.httpStatusCode), [201, 204]);
	assert.equal((await task(good.json.compositeResponse[0].body.id)).IsClosed, true);
	const many = Array.from({ length: 26 }, (_, i) => ({ method: 'GET', url: `${V}/limits`, referenceId: `r${i}` }));

	assert.equal((await sf('POST', `${V}/composite`, { compositeRequest: many })).status, 400);
});

await test('SF collections: allOrNone rolls back; more than 200 are refused', async () => {
	const rec = (Subject) => ({ attributes: { type: 'Task' }, Subject });
	const r = await sf('POST', `${V}/composite/sobjects`, { allOrNone: true, records: [rec('ok'), rec('y'.repeat(300))] });

	assert.equal(r.status, 200);
	assert.deepEqual(r.json.map((i) => i.errors[0].statusCode), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'STRING_TOO_LONG']);
	assert.equal((await q("SELECT COUNT() FROM Task WHERE Subject = 'ok'")).json.totalSize, 0);
	assert.equal((await sf('POST', `${V}/composite/sobjects`, { records: Array(201).fill(rec('x')) })).status, 400);
});

await test('SF: deleted, purged and unknown rows answer differently', async () => {
	const id = await newTask();

	assert.equal((await sf('DELETE', `${V}/sobjects/Task/${id}`)).status, 204);
	const again = await sf('DELETE', `${V}/sobjects/Task/${id.slice(0, 15)}`);

	assert.deepEqual([again.status, code(again)], [404, 'ENTITY_IS_DELETED']);
	assert.equal(code(await sf('PATCH', `${V}/sobjects/Task/${id}`, { Subject: 'x' })), 'ENTITY_IS_DELETED');
	assert.equal(code(await sf('GET', `${V}/sobjects/Task/${id}`)), 'NOT_FOUND');
	await control('DELETE', `/tasks/${id}?system=sf&hard=1`);
	const purged = await sf('DELETE', `${V}/sobjects/Task/${id}`);

	assert.deepEqual([purged.status, code(purged)], [404, 'INVALID_CROSS_REFERENCE_KEY']);
	assert.ok(!ids(await q('SELECT Id FROM Task', 'All')).includes(id));
});

await test('SF: archived rows only in queryAll; time archives and empties the bin', async () => {
	await control('PATCH', `/tasks/${A[2]}?system=sf`, { IsArchived: true });
	assert.ok(!ids(await q('SELECT Id FROM Task')).includes(A[2]));
	assert.ok(ids(await q('SELECT Id FROM Task', 'All')).includes(A[2]));
	await control('PATCH', `/tasks/${A[2]}?system=sf`, { IsArchived: false, ActivityDate: '2026-01-01' });
	const id = await newTask();

	await sf('DELETE', `${V}/sobjects/Task/${id}`);
	await control('POST', '/clock', { advance: 14 * 86400 });
	assert.ok(ids(await q('SELECT Id FROM Task', 'All')).includes(id));
	await control('POST', '/clock', { advance: 400 * 86400 });
	assert.ok(!ids(await q('SELECT Id FROM Task', 'All')).includes(id));
	assert.equal((await task(A[2])).IsArchived, true);
	await control('POST', '/clock', { real: true });
});

await test('SF: updated and deleted refuse bad windows', async () => {
	const at = (days) => encodeURIComponent(new Date(Date.now() - days * 864e5).toISOString());
	const ask = (what, from, to) => sf('GET', `${V}/sobjects/Task/${what}/?start=${at(from)}&end=${at(to)}`);

	assert.equal((await ask('updated', 29, 0)).status, 200);
	assert.equal(code(await ask('updated', 31, 0)), 'INVALID_REPLICATION_DATE');
	assert.equal(code(await ask('deleted', 16, 0)), 'INVALID_REPLICATION_DATE');
	assert.equal(code(await ask('deleted', 0, 0)), 'INVALID_REPLICATION_DATE');
});

await test('SF: a repeating task closed makes its successor; a series master keeps its date', async () => {
	await fresh();
	const id = await newTask({ Subject: 'again', ActivityDate: '2026-12-01', RecurrenceRegeneratedType: 'RecurrenceRegenerateAfterDueDate', RecurrenceInterval: 7 });

	await sf('PATCH', `${V}/sobjects/Task/${id}`, { Status: 'Completed' });
	const open = await q("SELECT ActivityDate FROM Task WHERE Subject = 'again' AND IsClosed = false");

	assert.deepEqual(open.json.records.map((r) => r.ActivityDate), ['2026-12-08']);
	const master = await newTask({ Subject: 'series', IsRecurrence: true });

	assert.equal(code(await sf('PATCH', `${V}/sobjects/Task/${master}`, { Status: 'Completed' })), 'FIELD_INTEGRITY_EXCEPTION');
});

await test('SF: a hidden field is not there at all', async () => {
	await control('POST', '/config', { hidden_fields: 'Description' });
	assert.equal(code(await q('SELECT Description FROM Task')), 'INVALID_FIELD');
	assert.equal((await sf('POST', `${V}/sobjects/Task`, { Description: 'x' })).status, 400);
	assert.ok(!(await sf('GET', `${V}/sobjects/Task/describe`)).json.fields.some((f) => f.name === 'Description'));
	await control('POST', '/config', { hidden_fields: '' });
});

await test('SF: a long address is 414, the quota 403', async () => {
	assert.equal((await q(`SELECT Id FROM Task WHERE Id IN ('${Array(700).fill(A[0]).join("','")}')`)).status, 414);
	await control('POST', '/config', { api_limit: 1 });
	assert.equal(code(await sf('GET', `${V}/limits`)), 'REQUEST_LIMIT_EXCEEDED');
	await control('POST', '/config', { api_limit: 100000 });
});

// ---------------------------------------------------------------- tokens

const form = (o) => new URLSearchParams(o).toString();
const token = (o) => call('POST', '/services/oauth2/token', form({ client_id: 'remindfs-test', ...o }),
	{ 'Content-Type': 'application/x-www-form-urlencoded' });
const refresh = (t) => token({ grant_type: 'refresh_token', refresh_token: t });

await test('tokens: refresh without rotation, as often as wanted; wrong client and grant are refused', async () => {
	await fresh();
	const a = await refresh('sf-refresh'), b = await refresh('sf-refresh');

	assert.deepEqual([a.status, b.status], [200, 200]);
	assert.equal(a.json.refresh_token, undefined);
	assert.equal(a.json.expires_in, undefined);
	assert.equal((await as(b.json.access_token)('GET', `${V}/limits`)).status, 200);
	assert.equal((await token({ grant_type: 'refresh_token', refresh_token: 'sf-refresh', client_id: 'x' })).json.error, 'invalid_client_id');
	assert.equal((await refresh('nonsense')).json.error, 'invalid_grant');
	assert.equal((await token({ grant_type: 'magic' })).json.error, 'unsupported_grant_type');
});

await test('tokens: rotation gives a new one each time; the old one back revokes the family', async () => {
	await control('POST', '/config', { rotate: true });
	const a = (await refresh('sf-refresh')).json;
	const b = (await refresh(a.refresh_token)).json;

	assert.notEqual(a.refresh_token, b.refresh_token);
	assert.equal((await as(b.access_token)('GET', `${V}/limits`)).status, 200);
	assert.equal((await refresh('sf-refresh')).json.error, 'invalid_grant');
	assert.equal((await as(b.access_token)('GET', `${V}/limits`)).status, 401);
	assert.equal((await refresh(b.refresh_token)).json.error, 'invalid_grant');
});

await test('tokens: a life in seconds, and an end on command', async () => {
	await fresh();
	await control('POST', '/config', { token_ttl: 60 });
	const { access_token: t } = (await refresh('sf-refresh')).json;

	assert.equal((await as(t)('GET', `${V}/limits`)).status, 200);
	await control('POST', '/clock', { advance: 61 });
	const r = await as(t)('GET', `${V}/limits`);

	assert.deepEqual([r.status, code(r)], [401, 'INVALID_SESSION_ID']);
	assert.equal((await sf('GET', `${V}/limits`)).status, 200);
	await control('POST', '/config', { expire_tokens: true });
	assert.equal((await sf('GET', `${V}/limits`)).status, 401);
});

await test('tokens: PKCE: the page asks, the right verifier passes, a wrong one and a second use do not', async () => {
	await fresh();
	const verifier = 'v'.repeat(60);
	const challenge = createHash('sha256').update(verifier).digest('base64url');
	const query = { response_type: 'code', client_id: 'remindfs-test', redirect_uri: 'http://127.0.0.1:9/cb', state: '"<x>',
		code_challenge: challenge, code_challenge_method: 'S256' };
	const page = await call('GET', `/services/oauth2/authorize?${form(query)}`);

	assert.match(page.text, /<button[^>]*>Allow</);
	assert.ok(!page.text.includes('"<x>'));
	const allow = async () => {
		const r = await call('POST', '/services/oauth2/authorize', form({ ...query, approve: 1 }), { 'Content-Type': 'application/x-www-form-urlencoded' });

		assert.equal(r.status, 302);
		return new URL(r.headers.get('location')).searchParams;
	};
	const answer = await allow();

	assert.equal(answer.get('state'), '"<x>');
	const swap = (c, v, more = {}) => token({ grant_type: 'authorization_code', code: c, redirect_uri: query.redirect_uri, code_verifier: v, ...more });

	assert.equal((await swap(answer.get('code'), 'wrong')).json.error, 'invalid_grant');
	const good = (await allow()).get('code');
	const r = await swap(good, verifier);

	assert.equal(r.status, 200);
	assert.ok(r.json.refresh_token);
	assert.match(r.json.id, /\/id\/00D\w{15}\/005\w{15}$/);
	assert.equal((await swap(good, verifier)).json.error, 'invalid_grant');
	assert.equal((await swap((await allow()).get('code'), verifier, { redirect_uri: 'http://127.0.0.1:9/other' })).json.error, 'redirect_uri_mismatch');
});

// ---------------------------------------------------------------- Sales Connect

const T = '/api/v1/tasks';
const key = () => ({ 'Idempotency-Key': randomUUID() });
const rev = (t) => ({ 'If-Match': `"${t.revision}"` });
const scTask = async (o = { name: 'a' }) => (await sc('POST', T, o, key())).json;

await test('SC: me, settings, errors without a token', async () => {
	await fresh();
	assert.deepEqual((await sc('GET', '/api/v1/me')).json, { id: 7, name: 'Ann Lee', email: 'ann@example.test', time_zone: 'America/Denver' });
	assert.deepEqual((await sc('GET', '/api/v1/settings/salesforce')).json, { task_sync: 'off', activity_detail: '{{activity_subject}}' });
	await control('POST', '/config', { sc_task_sync: 'on', activity_detail: '[SC] {{activity_subject}}' });
	assert.deepEqual((await sc('GET', '/api/v1/settings/salesforce')).json, { task_sync: 'on', activity_detail: '[SC] {{activity_subject}}' });
	const r = await as('nope')('GET', T);

	assert.deepEqual([r.status, r.json.error.code], [401, 'unauthorized']);
});

await test('SC: idempotency key: 201, then 200 with the same task, 422 for another body', async () => {
	const k = key(), body = { name: 'Call Bob', type: 'call', priority: 'high', due_date: '2026-12-01', details: 'x' };
	const a = await sc('POST', T, body, k), b = await sc('POST', T, { ...body }, k), c = await sc('POST', T, { ...body, name: 'Other' }, k);

	assert.deepEqual([a.status, b.status, c.status], [201, 200, 422]);
	assert.equal(a.json.id, b.json.id);
	assert.equal(c.json.error.code, 'idempotency_mismatch');
	assert.equal((await sc('POST', T, body)).status, 400);
	await control('POST', '/clock', { advance: 8 * 86400 });
	assert.equal((await sc('POST', T, body, k)).status, 201);
	await control('POST', '/clock', { real: true });
});

await test('SC: If-Match: 200 and a new revision, 412 for an old one, members left out stay, null clears', async () => {
	const t = await scTask({ name: 'n', details: 'd', due_date: '2026-12-01' });
	const r = await sc('PATCH', `${T}/${t.id}`, { due_date: null }, rev(t));

	assert.deepEqual([r.status, r.json.revision, r.json.due_date, r.json.details], [200, 2, null, 'd']);
	const old = await sc('PATCH', `${T}/${t.id}`, { name: 'x' }, rev(t));

	assert.deepEqual([old.status, old.json.error.code], [412, 'revision_mismatch']);
	assert.equal((await sc('PATCH', `${T}/${t.id}`, { name: 'x' })).status, 400);
	assert.equal((await sc('DELETE', `${T}/${t.id}`, undefined, rev(t))).status, 412);
	const done = (await sc('PATCH', `${T}/${t.id}`, { status: 'complete' }, rev(r.json))).json;

	assert.match(done.completed_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
	assert.equal((await sc('PATCH', `${T}/${t.id}`, { status: 'open' }, rev(done))).json.completed_at, null);
});

await test('SC: 410 with the tombstone, in the list of changes for 30 days, not in the list of the living', async () => {
	const t = await scTask({ name: 'gone' });

	assert.equal((await sc('DELETE', `${T}/${t.id}`, undefined, rev(t))).status, 204);
	for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']]) {
		const r = await sc(method, `${T}/${t.id}`, body, rev(t));

		assert.deepEqual([r.status, !!r.json.deleted_at], [410, true]);
	}
	const changes = async () => (await sc('GET', `${T}?changed_since=2026-01-01T00:00:00.000Z`)).json.tasks.find((x) => x.id === t.id);

	assert.ok((await changes()).deleted_at);
	assert.ok(!(await sc('GET', T)).json.tasks.some((x) => x.id === t.id));
	await control('POST', '/clock', { advance: 31 * 86400 });
	assert.equal(await changes(), undefined);
	await control('POST', '/clock', { real: true });
});

await test('SC: cursor paging in (updated_at, id) order, equal times included', async () => {
	await fresh({ salesconnect: Array.from({ length: 11 }, (_, i) => ({ name: `t${i}`, created_at: `2026-11-0${1 + (i >> 2)}T00:00:00.000Z` })) });
	const seen = [];
	let cursor = '';

	do {
		const r = (await sc('GET', `${T}?changed_since=2026-11-01T00:00:00.000Z&limit=3${cursor && `&cursor=${cursor}`}`)).json;

		seen.push(...r.tasks);
		cursor = r.next_cursor;
		assert.match(r.server_time, /Z$/);
	} while (cursor);
	assert.deepEqual(seen.map((t) => t.name), Array.from({ length: 11 }, (_, i) => `t${i}`));
	assert.equal((await sc('GET', `${T}?changed_since=2026-11-02T00:00:00.001Z`)).json.tasks.length, 3);
	for (const bad of ['limit=0', 'limit=501', 'cursor=%2B', 'changed_since=soon'])
		assert.equal((await sc('GET', `${T}?${bad}`)).status, 400, bad);
});

const scBad = [
	[{ name: '' }, 'name'], [{ name: 'é'.repeat(256) }, 'name'], [{ name: 'n', details: 'x'.repeat(32001) }, 'details'],
	[{ name: 'n', status: 'In Progress' }, 'status'], [{ name: 'n', priority: 'low' }, 'priority'],
	[{ name: 'n', due_date: '2026-13-01' }, 'due_date'], [{ name: 'n', person: { id: 99999 } }, 'person'], [{}, 'name'],
];

for (const [body, field] of scBad)
	await test(`SC: refuses ${JSON.stringify(body).slice(0, 50)}`, async () => {
		const r = await sc('POST', T, body, key());

		assert.equal(r.status, 422, r.text);
		assert.equal(r.json.error.code, 'validation_failed');
		assert.ok(r.json.error.fields[field]);
	});

await test('SC: bad JSON 400, too much 413, unknown 404, a colleague\'s 403', async () => {
	const json = { ...key(), 'Content-Type': 'application/json' };

	assert.equal((await sc('POST', T, '{', json)).status, 400);
	assert.equal((await sc('POST', T, `{"name":"${'x'.repeat(1 << 20)}"}`, json)).status, 413);
	assert.equal((await sc('GET', `${T}/424242`)).status, 404);
	const t = await scTask();

	assert.equal((await as('sc-token-ben')('GET', `${T}/${t.id}`)).status, 403);
	assert.equal((await as('sc-token-ben')('GET', T)).json.tasks.length, 0);
});

await test('SC: a person is found by Salesforce id or mail, or made', async () => {
	await fresh(MANY);
	const bySf = await scTask({ name: 'a', person: { salesforce_id: '003000000000088AAA' } });
	const byMail = await scTask({ name: 'b', person: { name: 'whoever', email: 'BOB@example.test' } });
	const made = await scTask({ name: 'c', person: { name: 'New Person', email: 'new@example.test' } });

	assert.deepEqual(bySf.person, { id: 88, name: 'Bob Müller', email: 'bob@example.test', salesforce_id: '003000000000088AAA' });
	assert.equal(byMail.person.id, 88);
	assert.deepEqual([made.person.name, made.person.salesforce_id], ['New Person', null]);
});

await test('SC: 600 requests a minute, then 429 with Retry-After', async () => {
	await control('POST', '/config', { sc_rate: 5 });
	let r;

	for (let i = 0; i < 30 && r?.status !== 429; i++)
		r = await sc('GET', '/api/v1/me');
	assert.equal(r.status, 429);
	assert.ok(Number(r.headers.get('retry-after')) > 0);
	await control('POST', '/config', { sc_rate: 600 });
});

// ---------------------------------------------------------------- faults

const failing = async (promise) => {
	try {
		return (await promise).status;
	} catch (e) {
		return e.cause?.code ?? e.message;
	}
};

await test('fault 401: once; an issued token is dead from then on', async () => {
	await fresh(MANY);
	await fault('401', { system: 'sf' });
	assert.deepEqual([(await sf('GET', `${V}/limits`)).status, (await sf('GET', `${V}/limits`)).status], [401, 200]);
	const { access_token: t } = (await refresh('sf-refresh')).json;

	await fault('401', { system: 'sf', match: 'GET /services/data' });
	assert.deepEqual([(await as(t)('GET', `${V}/limits`)).status, (await as(t)('GET', `${V}/limits`)).status], [401, 401]);
	await fault('401', { system: 'sc' });
	assert.deepEqual([(await sc('GET', T)).json.error.code, (await sc('GET', T)).status], ['unauthorized', 200]);
});

const plainFaults = [
	['403-limit', 403, 'REQUEST_LIMIT_EXCEEDED'], ['403-rights', 403, 'INSUFFICIENT_ACCESS_OR_READONLY'],
	['429', 429, 'REQUEST_LIMIT_EXCEEDED'], ['500', 500, 'UNKNOWN_EXCEPTION'], ['lock-row', 400, 'UNABLE_TO_LOCK_ROW'],
	['412', 412, 'PRECONDITION_FAILED'], ['401-final', 401, 'INVALID_SESSION_ID'],
];

for (const [name, status, want] of plainFaults)
	await test(`fault ${name}: ${status}, nothing applied, on both sides`, async () => {
		await fault(name, { count: 2, match: 'PATCH', seconds: 7 });
		const r = await sf('PATCH', `${V}/sobjects/Task/${A[0]}`, { Subject: 'no' });

		assert.deepEqual([r.status, code(r)], [status, want]);
		const s = await sc('PATCH', `${T}/1`, {});

		assert.equal(s.status, status);
		assert.ok(s.json.error.code);
		if (name === '429')
			assert.equal(r.headers.get('retry-after'), '7');
		assert.equal((await task(A[0])).Subject, 'Alpha');
		assert.deepEqual((await control('GET', '/fault')).active, []);
	});

await test('fault 503-html and 503-after', async () => {
	await fault('503-html', { match: 'PATCH', seconds: 3 });
	let r = await sf('PATCH', `${V}/sobjects/Task/${A[0]}`, { Subject: 'no' });

	assert.deepEqual([r.status, r.headers.get('content-type').startsWith('text/html'), r.headers.get('retry-after')], [503, true, '3']);
	assert.equal((await task(A[0])).Subject, 'Alpha');
	await fault('503-after', { match: 'PATCH' });
	r = await sf('PATCH', `${V}/sobjects/Task/${A[0]}`, { Subject: 'applied' });
	assert.equal(r.status, 503);
	assert.equal((await task(A[0])).Subject, 'applied');
});

await test('fault reset: before leaves nothing, after leaves the change', async () => {
	await fault('reset-before', { match: 'POST /services/data' });
	assert.equal(await failing(sf('POST', `${V}/sobjects/Task`, { Subject: 'lost' })), 'ECONNRESET');
	assert.equal((await q("SELECT COUNT() FROM Task WHERE Subject = 'lost'")).json.totalSize, 0);
	await fault('reset-after', { match: 'POST /services/data' });
	assert.equal(await failing(sf('POST', `${V}/sobjects/Task`, { Subject: 'kept' })), 'ECONNRESET');
	assert.equal((await q("SELECT COUNT() FROM Task WHERE Subject = 'kept'")).json.totalSize, 1);
});

await test('fault truncated and cut', async () => {
	await fault('truncated', { match: '/query' });
	const r = await q('SELECT Id FROM Task');

	assert.equal(r.status, 200);
	assert.equal(r.json, null);
	await fault('cut', { match: '/query' });
	assert.notEqual(await failing(q('SELECT Id FROM Task')), 200);
});

await test('fault slow: that one waits, others do not', async () => {
	await fault('slow', { match: 'GET /api', seconds: 0.6 });
	const t0 = Date.now();
	const slow = sc('GET', T).then(() => Date.now() - t0);

	await new Promise((r) => setTimeout(r, 100));
	await sf('GET', `${V}/limits`);
	assert.ok(Date.now() - t0 < 500);
	assert.ok(await slow >= 590);
});

await test('fault: lasts for N matching requests, unknown names are refused, clear ends all', async () => {
	await fault('503-html', { count: 2, system: 'sc' });
	assert.deepEqual([(await sc('GET', T)).status, (await sf('GET', `${V}/limits`)).status, (await sc('GET', T)).status,
		(await sc('GET', T)).status], [503, 200, 503, 200]);
	assert.equal((await call('POST', '/sandbox/fault', { name: 'nope' })).status, 400);
	await fault('500', { count: 5 });
	await control('POST', '/fault/clear');
	assert.equal((await sc('GET', T)).status, 200);
	assert.ok((await control('GET', '/fault')).known.length >= 15);
});

// ---------------------------------------------------------------- the hand behind

await test('control: the log has system, write, status, body, fault; clear keeps counting', async () => {
	await fresh(MANY);
	await sf('PATCH', `${V}/sobjects/Task/${A[0]}`, { Subject: 'logged' });
	await sf('POST', `${V}/composite`, { compositeRequest: [{ method: 'GET', url: `${V}/limits`, referenceId: 'r' }] });
	await sf('POST', `${V}/composite/sobjects/Task`, { ids: [A[0]], fields: ['Id'] });
	await fault('reset-after', { system: 'sc' });
	await failing(sc('POST', T, { name: 'x' }, key()));
	await call('GET', '/');
	const { seq, requests } = await control('GET', '/log?since=0');

	assert.deepEqual(requests.map((r) => [r.method, r.system, r.write, r.status, r.fault]), [
		['PATCH', 'sf', true, 204, null], ['POST', 'sf', false, 200, null], ['POST', 'sf', false, 200, null],
		['POST', 'sc', true, 0, 'reset-after']]);
	assert.equal(requests[0].body, '{"Subject":"logged"}');
	assert.equal(requests[0].path, `${V}/sobjects/Task/${A[0]}`);
	assert.equal((await control('GET', `/log?since=${seq}`)).requests.length, 0);
	await control('POST', '/log/clear');
	await sc('GET', T);
	assert.equal((await control('GET', '/log')).requests[0].seq, seq + 1);
});

await test('control: the clock stands where it is put, and the Date header follows', async () => {
	await control('POST', '/clock', { now: '2027-03-01T12:00:00Z', frozen: true });
	const r = await sf('GET', `${V}/limits`);

	assert.equal(r.headers.get('date'), 'Mon, 01 Mar 2027 12:00:00 GMT');
	const id = await newTask();

	assert.equal((await task(id)).CreatedDate, '2027-03-01T12:00:00.000+0000');
	await control('POST', '/clock', { advance: 3600 });
	assert.equal((await control('GET', '/clock')).now, '2027-03-01T13:00:00.000Z');
	await control('POST', '/clock', { real: true });
	assert.ok(Math.abs(Date.parse((await control('GET', '/clock')).now) - Date.now()) < 5000);
});

await test('control: records change as somebody else, with times of their own if given', async () => {
	await fresh();
	const t = (await control('POST', '/tasks?system=sf', { Subject: 'given', Status: 'In Progress' }));

	assert.deepEqual([t.OwnerId, t.CreatedById, t.deleted], [ME, BEN, false]);
	const p = await control('PATCH', `/tasks/${t.Id}?system=sf`, { SystemModstamp: '2026-01-02T03:04:05Z', OwnerId: BEN });

	assert.deepEqual([p.SystemModstamp, p.OwnerId], ['2026-01-02T03:04:05.000+0000', BEN]);
	const s = await control('POST', '/tasks?system=sc', { name: 'n', campaign: { name: 'Q3', day: 3, step: 1 }, created_at: '2026-01-01T00:00:00.125Z' });

	assert.deepEqual([s.campaign.day, s.created_at], [3, '2026-01-01T00:00:00.125Z']);
	const s2 = await control('PATCH', `/tasks/${s.id}?system=sc`, { status: 'complete', due_date: '2026-12-24' });

	assert.deepEqual([s2.revision, s2.due_date], [2, '2026-12-24']);
	await control('DELETE', `/tasks/${s.id}?system=sc`);
	await control('DELETE', `/tasks/${t.Id}?system=sf`);
	assert.ok((await control('GET', '/tasks?system=sc')).tasks[0].deleted_at);
	assert.equal((await control('GET', '/tasks?system=sf')).tasks[0].deleted, true);
});

await test('control: a data set is taken whole or not at all; the admin renames a status', async () => {
	await fresh();
	const r = await call('POST', '/sandbox/load', { salesforce: [{ Subject: 'ok' }, { Nope: 1 }] });

	assert.equal(r.status, 400);
	assert.equal((await control('GET', '/tasks?system=sf')).tasks.length, 0);
	await control('POST', '/load', { statuses: [{ ApiName: 'Todo', IsDefault: true }, { ApiName: 'Erledigt', IsClosed: true }], salesforce: [{ Subject: 'a' }] });
	assert.equal((await control('GET', '/tasks?system=sf')).tasks[0].Status, 'Todo');
});

await test('control: 10,000 generated tasks load and read within seconds; the same seed is the same set', async () => {
	await fresh();
	const t0 = Date.now();

	await control('POST', '/load', { generate: 10000, seed: 9, only: 'salesforce' });
	let r = await q('SELECT Id,Subject,Who.Name FROM Task');
	let n = r.json.records.length;

	while (!r.json.done) {
		r = await sf('GET', r.json.nextRecordsUrl);
		n += r.json.records.length;
	}
	assert.equal(n, 10000);
	assert.ok(Date.now() - t0 < 20000, `${Date.now() - t0} ms`);
	const names = async () => {
		await fresh({ generate: 20, seed: 3 });
		return (await control('GET', '/tasks?system=sc')).tasks.map((t) => t.name);
	};

	assert.deepEqual(await names(), await names());
	const sfTasks = (await control('GET', '/tasks?system=sf')).tasks, scTasks = (await control('GET', '/tasks?system=sc')).tasks;
	const twins = scTasks.filter((s) => sfTasks.some((f) => f.Subject === s.name && f.ActivityDate === s.due_date &&
		f.WhoId === s.person.salesforce_id && Math.abs(Date.parse(f.CreatedDate) - Date.parse(s.created_at)) <= 120e3));

	assert.ok(twins.length >= 6 && twins.length < scTasks.length && twins.length < sfTasks.length);
});

await test('the sandbox ends cleanly', async () => {
	assert.equal(await sandbox.stop(), 0);
});

process.exitCode = plan();
