/* Tokens: refresh with rotation, authorization code with PKCE, and who the caller is. */
#include "sf.h"

#include <openssl/evp.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"

#define CLIENT "remindfs-test"
#define CODE_MS (15 * 60 * 1000LL)
#define FORM_MAX 32

struct form {
	struct pair p[FORM_MAX];
	size_t n;
};

static const char *get(const struct form *f, const char *name)
{
	const char *value = http_form_get(f->p, f->n, name);

	return value ? value : "";
}

static void oauth_error(struct reply *rep, const char *error, const char *description)
{
	http_reply(rep, 400, SF_JSON,
		fmt("{\"error\":\"%s\",\"error_description\":\"%s\"}", error, description));
}

void sf_fixed_tokens(void)
{
	db_run("INSERT OR IGNORE INTO token "
	       "VALUES('sf-token','access','fixed','005000000000007AAA',9e18,1,0),"
	       "('sf-token-ben','access','fixed-ben','005000000000008AAA',9e18,1,0),"
	       "('sf-refresh','refresh','first','005000000000007AAA',9e18,0,0)",
		"");
}

void sf_expire_tokens(void)
{
	db_run("UPDATE token SET dead = 1 WHERE kind = 'access'", "");
}

static char *new_token(const char *kind, const char *family, const char *user)
{
	char random[33];

	hex_random(random, 32);
	char *token = strcmp(kind, "access") == 0 ? fmt("00D000000000001!AQ.%s", random)
						  : fmt("5Aep861.%s", random);
	int64_t ttl = strcmp(kind, "access") == 0 ? config.token_ttl * 1000LL : 0;

	db_run("INSERT INTO token(token, kind, family, user, expires) VALUES(?,?,?,?,?)", "ssssi", token,
		kind, family, user, ttl ? clock_now() + ttl : INT64_MAX);
	return token;
}

static void grant(
	struct request *req, struct reply *rep, const char *family, const char *user, bool with_refresh)
{
	const char *host = http_header(req, "Host");
	const char *here =
		config.instance_url[0] ? config.instance_url : fmt("http://%s", host ? host : "127.0.0.1");
	struct text t = { 0 };

	text_printf(&t, "{\"access_token\":\"%s\",", new_token("access", family, user));
	if (with_refresh)
		text_printf(&t, "\"refresh_token\":\"%s\",", new_token("refresh", family, user));
	text_printf(&t,
		"\"instance_url\":\"%s\",\"id\":\"http://%s/id/%s/%s\",\"token_type\":\"Bearer\","
		"\"issued_at\":\"%lld\",\"signature\":\"c2FuZGJveA==\",\"scope\":\"refresh_token api\"}",
		here, host ? host : "127.0.0.1", SF_ORG, user, (long long)clock_now());
	sf_reply_json(rep, 200, &t);
}

static char *new_family(void)
{
	char random[17];

	hex_random(random, 16);
	return keep(random);
}

/* A rotated token that comes back means two parties hold it: nobody keeps anything. */
static void by_refresh(struct request *req, struct reply *rep, const struct form *f)
{
	const char *token = get(f, "refresh_token");
	char *family = db_text("SELECT family FROM token WHERE token = ? AND kind = 'refresh'", "s", token);
	char *user = db_text(
		"SELECT user FROM token WHERE token = ? AND kind = 'refresh' AND NOT dead", "s", token);

	if (user && config.rotate)
		db_run("UPDATE token SET dead = 1 WHERE token = ?", "s", token);
	if (user) {
		grant(req, rep, family, user, config.rotate);
		return;
	}
	if (family)
		db_run("UPDATE token SET dead = 1 WHERE family = ?", "s", family);
	oauth_error(rep, "invalid_grant", "expired access/refresh token");
}

static char *s256(const char *verifier)
{
	unsigned char digest[EVP_MAX_MD_SIZE], b64[64];
	unsigned len = 0;

	EVP_Digest(verifier, strlen(verifier), digest, &len, EVP_sha256(), NULL);
	EVP_EncodeBlock(b64, digest, (int)len);
	char *s = keep((char *)b64);

	for (char *p = s; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	return s;
}

static void by_code(struct request *req, struct reply *rep, const struct form *f)
{
	const char *code = get(f, "code");
	sqlite3_stmt *st = db_query(
		"SELECT client, redirect, challenge, user, at FROM auth_code WHERE code = ?", "s", code);
	bool found = db_row(st);
	char *redirect = found ? keep(db_column(st, 1)) : NULL;
	char *challenge = found ? keep(db_column(st, 2)) : NULL;
	char *user = found ? keep(db_column(st, 3)) : NULL;
	bool fresh = found && sqlite3_column_int64(st, 4) + CODE_MS > clock_now();

	sqlite3_finalize(st);
	db_run("DELETE FROM auth_code WHERE code = ?", "s", code);
	if (!fresh)
		oauth_error(rep, "invalid_grant",
			found ? "expired authorization code" : "invalid authorization code");
	else if (strcmp(redirect, get(f, "redirect_uri")) != 0)
		oauth_error(rep, "redirect_uri_mismatch", "redirect_uri must match configuration");
	else if (*challenge && strcmp(challenge, s256(get(f, "code_verifier"))) != 0)
		oauth_error(rep, "invalid_grant", "invalid code verifier");
	else
		grant(req, rep, new_family(), user, true);
}

static void by_client(struct request *req, struct reply *rep, const struct form *f)
{
	if (!*get(f, "client_secret"))
		oauth_error(rep, "invalid_client", "invalid client credentials");
	else
		grant(req, rep, new_family(), "005000000000007AAA", false);
}

/* The user name is checked, the password is anything but nothing. */
static void by_password(struct request *req, struct reply *rep, const struct form *f)
{
	char *user = db_text("SELECT Id FROM User WHERE Username = ?", "s", get(f, "username"));

	if (!user || !*get(f, "password"))
		oauth_error(rep, "invalid_grant", "authentication failure");
	else
		grant(req, rep, new_family(), user, false);
}

/* The signature is not verified: the sandbox has no certificate. The assertion must look like one. */
static void by_jwt(struct request *req, struct reply *rep, const struct form *f)
{
	const char *first = strchr(get(f, "assertion"), '.');

	if (!first || !strchr(first + 1, '.'))
		oauth_error(rep, "invalid_grant", "invalid assertion");
	else
		grant(req, rep, new_family(), "005000000000007AAA", false);
}

static const struct {
	const char *type;
	void (*handle)(struct request *, struct reply *, const struct form *);
	bool client; /* client_id must be known */
} grants[] = {
	{ "refresh_token", by_refresh, true },
	{ "authorization_code", by_code, true },
	{ "client_credentials", by_client, true },
	{ "password", by_password, true },
	{ "urn:ietf:params:oauth:grant-type:jwt-bearer", by_jwt, false },
};

void sf_token(struct request *req, struct reply *rep)
{
	struct form f;

	f.n = http_form(req->body, req->body_len, f.p, FORM_MAX);
	for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
		if (strcmp(grants[i].type, get(&f, "grant_type")) != 0)
			continue;
		if (grants[i].client && strcmp(get(&f, "client_id"), CLIENT) != 0)
			oauth_error(rep, "invalid_client_id", "client identifier invalid");
		else
			grants[i].handle(req, rep, &f);
		return;
	}
	oauth_error(rep, "unsupported_grant_type", "grant type not supported");
}

void sf_revoke(struct request *req, struct reply *rep)
{
	struct form f;

	f.n = http_form(req->body, req->body_len, f.p, FORM_MAX);
	char *family = db_text("SELECT family FROM token WHERE token = ?", "s", get(&f, "token"));

	if (!family) {
		oauth_error(rep, "unsupported_token_type", "this token type is not supported");
		return;
	}
	db_run("UPDATE token SET dead = 1 WHERE token = ? OR (family = ? AND "
	       "(SELECT kind FROM token WHERE token = ?1) = 'refresh')",
		"ss", get(&f, "token"), family);
	http_reply(rep, 200, NULL, NULL);
}

/* --- the page where a person says yes --- */

static void add_escaped(struct text *t, const char *s)
{
	for (; *s; s++)
		if (strchr("<>&\"'", *s))
			text_printf(t, "&#%d;", *s);
		else
			text_addn(t, s, 1);
}

static void ask(struct reply *rep, const struct form *f)
{
	struct text t = { 0 };

	text_add(&t, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Allow access?</title>\n"
		     "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh "
		     "auto;padding:0 1rem}"
		     "button{font:inherit;padding:.5rem "
		     "2rem;border:0;border-radius:.4rem;background:#0b5cab;color:#fff}</style>\n"
		     "<h1>Allow access?</h1>\n<p><b>");
	add_escaped(&t, get(f, "client_id"));
	text_add(&t, "</b> wants to read and write your tasks (api, refresh_token). You are Ann Lee, in the "
		     "sandbox.</p>\n"
		     "<form method=post action=/services/oauth2/authorize><input type=hidden name=approve "
		     "value=1>");
	for (size_t i = 0; i < f->n; i++) {
		text_add(&t, "<input type=hidden name=\"");
		add_escaped(&t, f->p[i].name);
		text_add(&t, "\" value=\"");
		add_escaped(&t, f->p[i].value);
		text_add(&t, "\">");
	}
	text_add(&t, "<button autofocus>Allow</button></form></html>\n");
	http_reply(rep, 200, "text/html; charset=utf-8", t.s);
}

static char *url_encoded(const char *s)
{
	struct text t = { 0 };

	for (; *s; s++)
		if (strchr("-._~", *s) || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
			(*s >= 'a' && *s <= 'z'))
			text_addn(&t, s, 1);
		else
			text_printf(&t, "%%%02X", (unsigned char)*s);
	return keep(text_str(&t));
}

static void redirect(struct reply *rep, const struct form *f, const char *answer)
{
	const char *to = get(f, "redirect_uri");

	http_reply(rep, 302, NULL, NULL);
	http_reply_header(rep, "Location",
		fmt("%s%c%s&state=%s", to, strchr(to, '?') ? '&' : '?', answer,
			url_encoded(get(f, "state"))));
}

static void allow(struct reply *rep, const struct form *f)
{
	char code[33];

	hex_random(code, 32);
	db_run("INSERT INTO auth_code VALUES(?,?,?,?,?,?)", "sssssi", code, get(f, "client_id"),
		get(f, "redirect_uri"), get(f, "code_challenge"), "005000000000007AAA", clock_now());
	redirect(rep, f, fmt("code=%s", code));
}

void sf_authorize(struct request *req, struct reply *rep)
{
	struct form f;
	bool post = strcmp(req->method, "POST") == 0;
	const char *method;

	if (post)
		f.n = http_form(req->body, req->body_len, f.p, FORM_MAX);
	else
		f.n = http_form(req->query, strlen(req->query), f.p, FORM_MAX);
	method = get(&f, "code_challenge_method");
	if (strcmp(get(&f, "client_id"), CLIENT) != 0)
		oauth_error(rep, "invalid_client_id", "client identifier invalid");
	else if (!*get(&f, "redirect_uri"))
		oauth_error(rep, "redirect_uri_mismatch", "redirect_uri is missing");
	else if (strcmp(get(&f, "response_type"), "code") != 0)
		redirect(rep, &f, "error=unsupported_response_type");
	else if (*method && strcmp(method, "S256") != 0)
		redirect(rep, &f, "error=invalid_request&error_description=only%20S256");
	else if (*get(&f, "deny"))
		redirect(rep, &f, "error=access_denied&error_description=end-user%20denied%20authorization");
	else if (*get(&f, "approve") || *get(&f, "auto"))
		allow(rep, &f);
	else
		ask(rep, &f);
}

/* --- who --- */

void sf_userinfo(struct request *req, struct reply *rep)
{
	static const char *const names[] = { "name", "email", "preferred_username", "zoneinfo", "username",
		"timezone" };
	sqlite3_stmt *st =
		db_query("SELECT Name, Email, Username, TimeZoneSidKey, Username, TimeZoneSidKey FROM User "
			 "WHERE Id = ?",
			"s", req->user);
	struct text t = { 0 };

	text_printf(&t,
		"{\"sub\":\"http://%s/id/%s/%s\",\"id\":\"http://%s/id/%s/%s\",\"user_id\":\"%s\","
		"\"organization_id\":\"%s\",\"active\":true",
		http_header(req, "Host"), SF_ORG, req->user, http_header(req, "Host"), SF_ORG, req->user,
		req->user, SF_ORG);
	for (int i = 0, row = db_row(st); row && i < 6; i++) {
		text_printf(&t, ",\"%s\":", names[i]);
		text_json(&t, db_column(st, i));
	}
	sqlite3_finalize(st);
	text_add(&t, "}");
	sf_reply_json(rep, 200, &t);
}

static char *element(const char *xml, const char *name)
{
	const char *at = strstr(xml, fmt("%s>", name));
	const char *from = at ? at + strlen(name) + 1 : "";

	return keepn(from, strcspn(from, "<"));
}

void sf_soap_login(struct request *req, struct reply *rep)
{
	static const char envelope[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
		"xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>";
	static const char end[] = "</soapenv:Body></soapenv:Envelope>";
	const char *body = req->body_len ? req->body : "", *host = http_header(req, "Host");
	char *user = db_text("SELECT Id FROM User WHERE Username = ?", "s", element(body, "username"));

	if (!user || !*element(body, "password")) {
		http_reply(rep, 500, "text/xml",
			fmt("%s<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>"
			    "INVALID_LOGIN: Invalid username, password, security token; or user locked "
			    "out.</faultstring>"
			    "</soapenv:Fault>%s",
				envelope, end));
		return;
	}
	http_reply(rep, 200, "text/xml",
		fmt("%s<loginResponse xmlns=\"urn:partner.soap.sforce.com\"><result>"
		    "<serverUrl>http://%s/services/Soap/u/%s/%s</serverUrl><sessionId>%s</"
		    "sessionId><userId>%s</userId>"
		    "<userInfo><organizationId>%s</organizationId><userId>%s</userId></userInfo></result></"
		    "loginResponse>%s",
			envelope, host, req->args[0], SF_ORG, new_token("access", new_family(), user), user,
			SF_ORG, user, end));
}
