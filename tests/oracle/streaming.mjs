// jsforce's streaming (and plain cometd messages, where it does not go) against a sandbox of our own. TAP on standard output.
import assert from 'node:assert/strict';
import jsforce from 'jsforce';
import { StreamingExtension } from 'jsforce/lib/api/streaming.js';
import { plan, startSandbox, test } from './harness.mjs';

const sandbox = await startSandbox();
const { base, call, control, sf } = sandbox;
const V = '/services/data/v66.0';
const CDC = '/data/TaskChangeEvent';
const TOPIC = '/topic/MyTasks';
const newTask = async (fields) => (await sf('POST', `${V}/sobjects/Task`, fields)).json.id;
const clients = [];
const fresh = async (config = {}) => {
	for (const client of clients.splice(0))
		client.disconnect();
	await control('POST', '/reset');
	await control('POST', '/config', { view_all_data: true, ...config });
};
const within = (ms, promise, what) => Promise.race([promise,
	new Promise((_, reject) => setTimeout(() => reject(new Error(`no ${what} within ${ms} ms`)), ms))]);
const subscribe = async (channel, extensions = []) => {
	const conn = new jsforce.Connection({ instanceUrl: base, accessToken: 'sf-token', version: '66.0' });
	const client = conn.streaming.createClient(extensions);
	const events = [];
	let wake = () => {};

	clients.push(client);
	await within(5000, client.subscribe(channel, (m) => { events.push(m); wake(); }), 'subscription');
	const next = async (n) => {
		while (events.length < n)
			await within(5000, new Promise((resolve) => { wake = resolve; }), `event ${n}`);
		return events[n - 1];
	};
	return { client, events, next };
};

await test('jsforce: a change event of a task is there within a second of the change', async () => {
	await fresh();
	const s = await subscribe(CDC);
	const t0 = Date.now();
	const id = await newTask({ Subject: 'Ring' });
	const created = await s.next(1);

	assert.ok(Date.now() - t0 < 1000, `${Date.now() - t0} ms`);
	assert.deepEqual(created.payload.ChangeEventHeader.recordIds, [id]);
	assert.equal(created.payload.ChangeEventHeader.changeType, 'CREATE');
	assert.equal(created.payload.Subject, 'Ring');
	await sf('PATCH', `${V}/sobjects/Task/${id}`, { Status: 'Completed' });
	const changed = await s.next(2);

	assert.deepEqual([changed.payload.ChangeEventHeader.changeType, changed.payload.Status], ['UPDATE', 'Completed']);
	assert.ok(changed.event.replayId > created.event.replayId);
	await sf('DELETE', `${V}/sobjects/Task/${id}`);
	assert.equal((await s.next(3)).payload.ChangeEventHeader.changeType, 'DELETE');
});

await test('jsforce: a PushTopic tells who, what and when', async () => {
	await fresh();
	const s = await subscribe(TOPIC);
	const id = await newTask({ Subject: 'Ring' });
	const e = await s.next(1);

	assert.deepEqual([e.event.type, e.sobject.Id, e.sobject.Subject], ['created', id, 'Ring']);
});

await test('jsforce: replay from an event, from the start, from now', async () => {
	await fresh();
	const s = await subscribe(CDC);
	await newTask({ Subject: '1' });
	await newTask({ Subject: '2' });
	await newTask({ Subject: '3' });
	const first = await s.next(1);
	const titles = async (from, n) => {
		const again = await subscribe(CDC, [new StreamingExtension.Replay(CDC, from)]);

		await again.next(n);
		return again.events.map((e) => e.payload.Subject);
	};

	assert.deepEqual(await titles(first.event.replayId, 2), ['2', '3']);
	assert.deepEqual(await titles(-2, 3), ['1', '2', '3']);
	const now = await subscribe(CDC, [new StreamingExtension.Replay(CDC, -1)]);
	await newTask({ Subject: '4' });
	assert.equal((await now.next(1)).payload.Subject, '4');
});

await test('jsforce: a denied handshake and a server that says good-bye', async () => {
	await fresh();
	const denied = new Promise((resolve) => {
		const conn = new jsforce.Connection({ instanceUrl: base, accessToken: 'nonsense', version: '66.0' });
		const client = conn.streaming.createClient([new StreamingExtension.AuthFailure(resolve)]);

		clients.push(client);
		client.subscribe(CDC, () => {});
	});
	const m = await within(5000, denied, 'denial');

	assert.equal(m.error, '403::Handshake denied');
	assert.equal(m.ext.sfdc.failureReason, '401::Authentication invalid');
	/* Faye shakes hands anew by itself, and goes on to hear. */
	const s = await subscribe(CDC);
	await newTask({ Subject: 'first' });
	await s.next(1);
	await new Promise((resolve) => setTimeout(resolve, 200));
	await control('POST', '/fault', { name: 'cometd-unknown', match: '/meta/connect' });
	await newTask({ Subject: 'before' });
	await s.next(2);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await newTask({ Subject: 'after' });
	assert.equal((await s.next(3)).payload.Subject, 'after');
});

// ---------------------------------------------------------------- plain messages

const cometd = async (messages, cookie, token = 'OAuth sf-token', version = '66.0') => {
	const r = await call('POST', `/cometd/${version}`, messages, { Authorization: token, ...(cookie ? { Cookie: cookie } : {}) });

	return { ...r, cookie: r.headers.get('set-cookie')?.split(';')[0] };
};
const HANDSHAKE = [{ channel: '/meta/handshake', id: '1', version: '1.0', minimumVersion: '1.0', supportedConnectionTypes: ['in-process', 'websocket', 'long-polling'] }];
const shake = async () => {
	const r = await cometd(HANDSHAKE);

	return { clientId: r.json[0].clientId, cookie: r.cookie };
};
const connect = (clientId, more = {}) => ({ channel: '/meta/connect', clientId, connectionType: 'long-polling', id: '2', ...more });
const sub = (clientId, channel, replay) => ({ channel: '/meta/subscribe', clientId, subscription: channel, id: '3', ext: { replay: { [channel]: replay } } });

await test('handshake: version, clientId, long-polling only, a cookie; Bearer and OAuth; a websocket is answered 400', async () => {
	await fresh();
	for (const token of ['OAuth sf-token', 'Bearer sf-token']) {
		const r = await cometd(HANDSHAKE, undefined, token);

		assert.deepEqual([r.status, r.json[0].successful, r.json[0].version, r.json[0].id], [200, true, '1.0', '1']);
		assert.deepEqual(r.json[0].supportedConnectionTypes, ['long-polling']);
		assert.deepEqual(r.json[0].ext, { replay: true, 'payload.format': true });
		assert.match(r.cookie, /^BAYEUX_BROWSER=/);
	}
	assert.equal((await call('GET', '/cometd/67.0', undefined, { Authorization: 'OAuth sf-token' })).status, 400);
	assert.equal((await cometd(HANDSHAKE, undefined, undefined, '36.0')).status, 400);
	assert.equal((await cometd(`[${' '.repeat(32768)}]`)).status, 400);
});

await test('connect: at once with timeout 0, within an array, and at an event; else held as advised', async () => {
	await fresh({ cometd_timeout: 700 });
	const { clientId, cookie } = await shake();
	let t0 = Date.now();
	const first = await cometd([connect(clientId, { advice: { timeout: 0 } })], cookie);

	assert.deepEqual(first.json[0].advice, { reconnect: 'retry', interval: 0, timeout: 700 });
	const both = await cometd([connect(clientId), sub(clientId, CDC, -1)], cookie);

	assert.deepEqual(both.json.map((m) => [m.channel, m.successful]), [['/meta/connect', true], ['/meta/subscribe', true]]);
	assert.ok(Date.now() - t0 < 500);
	t0 = Date.now();
	await cometd([connect(clientId)], cookie);
	assert.ok(Date.now() - t0 >= 700 && Date.now() - t0 < 3000, `${Date.now() - t0} ms`);
	t0 = Date.now();
	const [answer] = await Promise.all([cometd([connect(clientId)], cookie), newTask({ Subject: 'x' })]);

	assert.ok(Date.now() - t0 < 500);
	assert.deepEqual(answer.json.map((m) => m.channel), [CDC, '/meta/connect']);
});

await test('a subscription in a parallel request on one clientId; a second connect releases the first', async () => {
	await fresh({ cometd_timeout: 10000 });
	const { clientId, cookie } = await shake();
	const t0 = Date.now();
	const held = cometd([connect(clientId)], cookie);

	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal((await cometd([sub(clientId, TOPIC, -1)], cookie)).json[0].successful, true);
	const second = cometd([connect(clientId)], cookie);

	assert.equal((await held).json.length, 1);
	await newTask({ Subject: 'x' });
	assert.equal((await second).json[0].channel, TOPIC);
	assert.ok(Date.now() - t0 < 3000);
});

await test('the error forms: client, cookie, token, rights, topic, replayId, and every fault', async () => {
	await fresh();
	const error = async (m, cookie, token) => (await cometd([m], cookie, token)).json[0];
	const { clientId, cookie } = await shake();

	const unknown = await error(connect('nobody'), cookie);
	assert.deepEqual([unknown.error, unknown.advice.reconnect], ['403::Unknown client', 'handshake']);
	const bare = await cometd([connect(clientId)]);
	assert.equal(bare.status, 400);
	assert.match(bare.json[0].error, /^400::.*no .* cookie/);
	const expired = await error(connect(clientId), cookie, 'OAuth gone');
	assert.deepEqual([expired.error, expired.advice.reconnect], ['401::Authentication invalid', 'none']);
	assert.match((await error(sub(clientId, '/topic/Other', -1), cookie)).error, /^404::/);
	assert.equal((await error(sub(clientId, CDC, 4711), cookie)).error,
		'400::The replayId {4711} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.');
	await control('POST', '/config', { view_all_data: false });
	assert.equal((await error(sub(clientId, CDC, -1), cookie)).error, '403::User not allowed to subscribe CDC without View All Data permissions');

	const strike = async (name, match, m) => {
		await control('POST', '/fault', { name, match });
		return error(m, cookie);
	};
	for (const [reason, want] of [['401', /^401::/], ['403', /^403::.*limit exceeded/], ['503', /^503::/]]) {
		const m = await strike(`cometd-denied-${reason}`, '/meta/handshake', HANDSHAKE[0]);

		assert.equal(m.error, '403::Handshake denied');
		assert.match(m.ext.sfdc.failureReason, want);
	}
	assert.match((await strike('cometd-limit', '/meta/subscribe', sub(clientId, TOPIC, -1))).error, /daily limit exceeded$/);
	assert.match((await strike('cometd-replay', '/meta/subscribe', sub(clientId, TOPIC, -1))).error, /^400::The replayId/);
	assert.equal((await strike('cometd-disconnect', '/meta/connect', connect(clientId))).channel, '/meta/disconnect');
	assert.equal((await error(connect(clientId), cookie)).error, '403::Unknown client');
});

await test('events: twice and out of order, or lost, on request; forgotten after three days', async () => {
	await fresh();
	const { clientId, cookie } = await shake();
	const replays = (r) => r.json.filter((m) => m.data).map((m) => m.data.event.replayId);

	await cometd([sub(clientId, CDC, -1)], cookie);
	await newTask({ Subject: 'a' });
	await newTask({ Subject: 'b' });
	await control('POST', '/fault', { name: 'cometd-twice', match: '/meta/connect' });
	const [b, a] = replays(await cometd([connect(clientId)], cookie)).slice(0, 2);

	assert.ok(b > a);
	await newTask({ Subject: 'c' });
	await control('POST', '/fault', { name: 'cometd-lost', match: '/meta/connect' });
	assert.deepEqual(replays(await cometd([connect(clientId)], cookie)), []);
	await control('POST', '/clock', { advance: 4 * 86400 });
	assert.match((await cometd([sub(clientId, CDC, a)], cookie)).json[0].error, /^400::The replayId/);
});

await test('a disconnect ends the session; streaming costs no API call', async () => {
	await fresh();
	const { clientId, cookie } = await shake();
	const used = async () => Number((await sf('GET', `${V}/limits`)).headers.get('sforce-limit-info').match(/=(\d+)/)[1]);
	const before = await used();

	assert.equal((await cometd([{ channel: '/meta/disconnect', clientId, id: 'z' }], cookie)).json[0].successful, true);
	assert.equal((await cometd([connect(clientId)], cookie)).json[0].error, '403::Unknown client');
	assert.equal(await used(), before + 1);
});

await test('the sandbox ends cleanly, with a connect held', async () => {
	assert.equal(await sandbox.stop(), 0);
});
process.exitCode = plan();
setTimeout(() => process.exit(), 100);
