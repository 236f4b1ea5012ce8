// What both oracles share: TAP lines, a sandbox of one's own, requests to it.
import { spawn } from 'node:child_process';

let count = 0;
let failed = 0;

/** One TAP test: the function throws when it does not hold. */
export async function test(name, fn) {
	count++;
	try {
		await fn();
		console.log(`ok ${count} - ${name}`);
	} catch (e) {
		failed++;
		console.log(`not ok ${count} - ${name}`);
		console.log(String(e.stack ?? e).split('\n').map((l) => `# ${l}`).join('\n'));
	}
}

export function skip(name, why) {
	console.log(`ok ${++count} - ${name} # SKIP ${why}`);
}

export function plan() {
	console.log(`1..${count}`);
	return failed ? 1 : 0;
}

/** Starts a sandbox on a free port; stop() ends it by its own process. */
export async function startSandbox(args = []) {
	const binary = process.argv[2] ?? process.env.SANDBOX;

	if (!binary) {
		console.error('usage: SANDBOX=path/to/remindfs-sandbox node oracle.mjs, or the path as argument');
		process.exit(2);
	}
	const child = spawn(binary, ['--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
	const base = await new Promise((resolve, reject) => {
		let out = '';

		child.on('error', reject);
		child.on('exit', (code) => reject(new Error(`sandbox ended with ${code}`)));
		child.stdout.on('data', (data) => {
			out += data;
			const m = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(out);

			if (m)
				resolve(m[1]);
		});
	});
	const stop = () => new Promise((resolve) => {
		child.on('exit', (code, signal) => resolve(code ?? signal));
		child.kill('SIGTERM');
	});

	return { base, stop, ...requests(base) };
}

function requests(base) {
	async function call(method, path, body, headers = {}) {
		const given = Object.keys(headers).map((h) => h.toLowerCase());
		const json = body !== undefined && typeof body !== 'string';

		const res = await fetch(base + path, {
			method,
			redirect: 'manual',
			headers: { ...(json && !given.includes('content-type') ? { 'Content-Type': 'application/json' } : {}), ...headers },
			body: body === undefined ? undefined : json ? JSON.stringify(body) : body,
		});
		const text = await res.text();
		let parsed = null;

		try {
			parsed = JSON.parse(text);
		} catch { /* the test looks at text then */ }
		return { status: res.status, headers: res.headers, text, json: parsed };
	}
	const as = (token) => (method, path, body, headers = {}) =>
		call(method, path, body, { Authorization: `Bearer ${token}`, ...headers });
	async function control(method, path, body) {
		const res = await call(method, `/sandbox${path}`, body);

		if (res.status >= 400)
			throw new Error(`${method} /sandbox${path}: ${res.status} ${res.text}`);
		return res.json;
	}

	return { call, as, control, sf: as('sf-token'), sc: as('sc-token') };
}
