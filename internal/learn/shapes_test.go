package learn

import (
	"fmt"
	"strings"
)

// typedIn puts the typed values into a text: KEY, NAME1, NAME2, SECRET1, SECRET2.
func typedIn(text string) string {
	return strings.NewReplacer("KEY", testKey, "NAME1", firstName, "NAME2", secondName, "SECRET1", firstSecret, "SECRET2", secondSecret).Replace(text)
}

// steps reads requests from lines such as
//
//	POST /path BODY -> 201 ANSWER | Header: value | < Answer-Header: value
func steps(lines ...string) []request {
	var all []request
	for line := range strings.SplitSeq(strings.Join(lines, "\n"), "\n") {
		parts := strings.Split(typedIn(line), " | ")
		sent, answered, _ := strings.Cut(parts[0], " -> ")
		var r request
		r.method, sent, _ = strings.Cut(sent, " ")
		r.path, r.body, _ = strings.Cut(sent, " ")
		status, answer, _ := strings.Cut(answered, " ")
		_, _ = fmt.Sscan(status, &r.status)
		r.answer = answer
		r.headers = "Cookie: session=canary-session-1f3a09b7c2\nUser-Agent: canary-agent\nAccept: application/json\nX-Request-Id: 7d6a1c5e-0000-4000-8000-000000000001"
		for _, header := range parts[1:] {
			if name, isAnswer := strings.CutPrefix(header, "< "); isAnswer {
				r.answerHeaders += name + "\n"
			} else {
				r.headers += "\n" + header
			}
		}
		all = append(all, r)
	}
	return all
}

// plainItem is an object with three members.
func plainItem(format string) func(string, bool) string {
	return func(name string, approved bool) string { return fmt.Sprintf(typedIn(format), name, approved) }
}

func wordItem(format, yes, no string) func(string, bool) string {
	return func(name string, approved bool) string {
		word := no
		if approved {
			word = yes
		}
		return fmt.Sprintf(typedIn(format), name, word)
	}
}

// The requests that most shapes have in common.
const (
	collection = "/osmc/admin/oauthconsumers"
	created    = "POST " + collection + ` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`
	approvals  = "POST " + collection + "/KEY/approve -> 204\nPOST " + collection + "/KEY/disapprove -> 204\nPOST " + collection + "/KEY/approve -> 204"
	edits      = "PATCH " + collection + `/KEY {"name":"NAME2"} -> 204` + "\nPATCH " + collection + `/KEY {"secret":"SECRET2"} -> 204`
	removed    = "DELETE " + collection + "/KEY -> 204"
)

// approving is a request that approves, one that disapproves, and the first again.
func approving(line string) string {
	no := strings.NewReplacer("/approve ", "/disapprove ", "/approve?", "/disapprove?", "true", "false").Replace(line)
	return strings.Join([]string{line, no, line}, "\n")
}

var plainList = steps("GET " + collection + " -> 200 [%s]")[0]

// plain is an API like the assumed one, with other steps.
func plain(lines ...string) shape {
	return shape{
		list: plainList, item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		others: `{"key":"0ther-canary-key","name":"Canary Consumer","approved":true}`,
		steps:  steps(lines...),
	}
}

// withHeaders is an API whose changes have headers.
func withHeaders(headers string) shape {
	lines := strings.Join([]string{created, approvals, edits, removed}, "\n")
	return plain(strings.ReplaceAll(lines, "\n", " | "+headers+"\n") + " | " + headers)
}

// withPage is an API whose token is in a page.
func withPage(page, token string) shape {
	one := withHeaders("X-CSRF-Token: " + token)
	one.before = steps("GET /osmc/oauth/page -> 200 " + page)
	return one
}

// shapes are APIs by name. What is learned of each is in testdata/shapes.
var shapes = map[string]shape{
	"patch": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","name":"NAME1","approved":false}`,
		approving("PATCH "+collection+`/KEY {"approved":true} -> 200 {"key":"KEY","name":"NAME1","approved":true}`),
		"PATCH "+collection+`/KEY {"name":"NAME2","secret":"SECRET2"} -> 200 {"key":"KEY","name":"NAME2","approved":true}`,
		removed),
	"put with an empty secret": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","name":"NAME1","approved":false}`,
		approving("PUT "+collection+`/KEY {"name":"NAME1","secret":"","approved":true} -> 204`),
		"PUT "+collection+`/KEY {"name":"NAME2","secret":"SECRET2","approved":true} -> 204`,
		removed),
	"two ways to save one form": plain(created, approvals,
		"PUT "+collection+`/KEY {"name":"NAME1","secret":"SECRET2"} -> 204`, "PUT "+collection+`/KEY {"name":"NAME2","secret":""} -> 204`, removed),
	"edit sends the approval": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1","repeat":"SECRET1"} -> 201 {"key":"KEY"}`,
		approving("POST "+collection+`/KEY/approve -> 200`),
		"PUT "+collection+`/KEY {"name":"NAME2","secret":"SECRET2","approved":true} -> 200`,
		"DELETE "+collection+`/KEY -> 200`),
	"behind a proxy": {
		list: steps("GET /twc/prod" + collection + " -> 200 [%s]")[0], item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		steps: steps(
			"POST /twc/prod"+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 | < Location: https://canary-host.example:8111/twc/prod/osmc/admin/oauthconsumers/KEY`,
			approving("POST /twc/prod"+collection+`/KEY/approve -> 204`),
			"POST /twc/prod"+collection+`/KEY/name name=NAME2 -> 204`, "POST /twc/prod"+collection+`/KEY/secret secret=SECRET2 -> 204`,
			"DELETE /twc/prod"+collection+`/KEY -> 204`),
	},
	"graphql": {
		list:   steps(`POST /osmc/graphql {"query":"query { consumers { nodes { id label state } } }"} -> 200 {"data":{"consumers":{"nodes":[%s]}}}`)[0],
		item:   wordItem(`{"id":"KEY","label":%q,"state":%q}`, "APPROVED", "PENDING"),
		others: `{"id":"0ther-canary-key","label":"Canary Consumer","state":"APPROVED"}`,
		steps: steps(
			`POST /osmc/graphql {"query":"mutation R($n: String!, $s: String!) { register(name: $n, secret: $s) { id } }","variables":{"n":"NAME1","s":"SECRET1"}} -> 200 {"data":{"register":{"id":"KEY"}}}`,
			`POST /osmc/graphql {"query":"mutation A($i: ID!) { approve(id: $i) { id } }","variables":{"i":"KEY"}} -> 200 {"data":{"approve":{"id":"KEY"}}}`,
			`POST /osmc/graphql {"query":"mutation D($i: ID!) { disapprove(id: $i) { id } }","variables":{"i":"KEY"}} -> 200 {"data":{"disapprove":{"id":"KEY"}}}`,
			`POST /osmc/graphql {"query":"mutation A($i: ID!) { approve(id: $i) { id } }","variables":{"i":"KEY"}} -> 200 {"data":{"approve":{"id":"KEY"}}}`,
			`POST /osmc/graphql {"query":"mutation E($i: ID!, $n: String!, $s: String!) { edit(id: $i, name: $n, secret: $s) { id } }","variables":{"i":"KEY","n":"NAME2","s":"SECRET2"}} -> 200 {"data":{"edit":{"id":"KEY"}}}`,
			`POST /osmc/graphql {"query":"mutation X($i: ID!) { remove(id: $i) { id } }","variables":{"i":"KEY"}} -> 200 {"data":{"remove":{"id":"KEY"}}}`),
	},
	"json patch": plain(
		created,
		approving("PATCH "+collection+`/KEY [{"op":"replace","path":"/approved","value":true}] -> 204`),
		"PATCH "+collection+`/KEY [{"op":"replace","path":"/name","value":"NAME2"},{"op":"replace","path":"/secret","value":"SECRET2"}] -> 204`,
		removed),
	"json api": {
		list:   steps(`GET /osmc/v2/clients?page%5Bsize%5D=50 -> 200 {"data":[%s],"meta":{}}`)[0],
		item:   plainItem(`{"type":"clients","id":"KEY","attributes":{"name":%q,"enabled":%t}}`),
		others: `{"type":"clients","id":"0ther-canary-key","attributes":{"name":"Canary Consumer","enabled":true}}`,
		steps: steps(
			`POST /osmc/v2/clients {"data":{"type":"clients","attributes":{"name":"NAME1","secret":"SECRET1"}}} -> 201 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":false}}}`,
			approving(`PATCH /osmc/v2/clients/KEY {"data":{"type":"clients","id":"KEY","attributes":{"enabled":true}}} -> 200 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":true}}}`),
			`PATCH /osmc/v2/clients/KEY {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME2","secret":"SECRET2"}}} -> 200 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME2","enabled":true}}}`,
			`DELETE /osmc/v2/clients/KEY -> 204`),
	},
	"names of people": {
		list: plainList,
		item: func(name string, approved bool) string {
			by, status := "null", "NEW"
			if approved {
				by, status = `"Canary Person"`, "ACTIVE"
			}
			return fmt.Sprintf(typedIn(`{"key":"KEY","name":%q,"approvedBy":%s,"approvedAt":"2026-01-02T03:04:05Z","owner":"Canary Person","status":%q}`), name, by, status)
		},
		others: `{"key":"0ther-canary-key","name":"Canary Consumer","approvedBy":null,"owner":"Canary Person","status":"EXPIRED"}`,
		steps: steps(
			"POST "+collection+` {"name":"NAME1","secret":"SECRET1","owner":"me"} -> 201 {"key":"KEY"}`,
			"PUT "+collection+`/KEY/status ACTIVATE=1 -> 204`, "PUT "+collection+`/KEY/status BLOCK=1 -> 204`, "PUT "+collection+`/KEY/status ACTIVATE=1 -> 204`,
			edits, removed),
	},
	"short numeric id and pages": {
		list: steps("GET /osmc/1/consumers?page=1&size=25 -> 200 " + `{"content":[%s],"totalElements":99,"number":1}`)[0],
		item: plainItem(`{"id":7,"name":%q,"approved":%t}`), others: `{"id":5,"name":"Canary Consumer","approved":false}`,
		steps: steps(
			`POST /osmc/1/consumers {"name":"NAME1","secret":"SECRET1","version":7} -> 201 {"id":7,"name":"NAME1"}`,
			approving(`POST /osmc/1/consumers/7/approve {"level":7} -> 200`),
			`PUT /osmc/1/consumers/7 {"name":"NAME2"} -> 200`, `PUT /osmc/1/consumers/7/secret {"secret":"SECRET2"} -> 200`, `DELETE /osmc/1/consumers/7 -> 200`),
	},
	"audit after each change": plain(
		created,
		`GET /osmc/audit/latest -> 200 [{"title":"NAME1"}]`,
		`POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/approve -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/disapprove -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/approve -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		edits, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/remove -> 204`),
	"refused at first": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 403 {"message":"canary-message"}`,
		created, approvals, edits, removed),
	"toggle": plain(
		created,
		"POST "+collection+`/KEY/toggle -> 204`, "POST "+collection+`/KEY/toggle -> 204`, "POST "+collection+`/KEY/toggle -> 204`,
		edits, removed),
	"version in the body": plain(
		created,
		"PUT "+collection+`/KEY/approval {"on":true,"version":1} -> 204`, "PUT "+collection+`/KEY/approval {"on":false,"version":2} -> 204`, "PUT "+collection+`/KEY/approval {"on":true,"version":3} -> 204`,
		edits, removed),
	"version in a header": plain(
		created,
		"POST "+collection+`/KEY/approve -> 204 | If-Match: "1"`, "POST "+collection+`/KEY/disapprove -> 204 | If-Match: "2"`, "POST "+collection+`/KEY/approve -> 204 | If-Match: "3"`,
		edits, removed),
	"odata paths": plain(
		created,
		approving("POST "+collection+`('KEY')/approve -> 204`),
		"PATCH "+collection+`('KEY') {"name":"NAME2"} -> 204`, "PATCH "+collection+`('KEY') {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`('KEY') -> 204`),
	"bodies in XML and multipart": plain(
		"POST "+collection+` <consumer><name>NAME1</name><secret>SECRET1</secret></consumer> -> 201 {"key":"KEY"}`,
		approvals,
		"POST "+collection+`/KEY --x-name-NAME2-- -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, removed),
	"secret is hashed": plain(
		"POST "+collection+` {"name":"NAME1","secret":"9f86d081884c7d659a2feaa0c55ad015"} -> 201 {"key":"KEY"}`,
		approvals,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, removed),
	"another value of the consumer": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","databaseId":948812}`,
		approving("POST "+collection+`/KEY/approve {"databaseId":948812} -> 204`),
		edits, removed),
	"embedded in a larger text": plain(
		"POST "+collection+` payload=%7B%22name%22%3A%22NAME1%22%2C%22secret%22%3A%22SECRET1%22%7D -> 201 {"key":"KEY"}`,
		approvals, edits, removed),
	"a password each time": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1","adminPassword":"canary-password"} -> 201 {"key":"KEY"}`,
		approving("POST "+collection+`/KEY/approve {"session":"canary-session-1f3a09b7c2"} -> 204`),
		edits, removed),
	"token of an HTML page":   withHeaders("X-CSRF-Token: canary-html-token-55"),
	"token in a page":         withPage(`<html><head><meta name="viewport" content="x"><meta name="_csrf" content="canary-&amp;-token-55"></head></html>`, "canary-&-token-55"),
	"token in a hidden field": withPage(`<html><form><input type="hidden" name="_csrf" value="canary-html-token-55"></form></html>`, "canary-html-token-55"),
	"whole consumer sent back": {
		list: plainList, item: plainItem(`{"id":"KEY","name":%q,"approved":%t,"about":"Canary text","tags":["canary"],"limits":{"day":17}}`),
		others: `{"id":"0ther-canary-key","name":"Canary Consumer","approved":true,"about":"","tags":[],"limits":{"day":3}}`,
		steps: steps(
			"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"id":"KEY"}`,
			approving("PUT "+collection+`/KEY {"id":"KEY","name":"NAME1","approved":true,"about":"Canary text","tags":["canary"],"limits":{"day":17}} -> 204`),
			"PUT "+collection+`/KEY {"id":"KEY","name":"NAME2","approved":true,"about":"Canary text","tags":["canary"],"limits":{"day":17}} -> 204`,
			"PUT "+collection+`/KEY {"id":"KEY","name":"NAME2","secret":"SECRET2","approved":true,"about":"Canary text","tags":["canary"],"limits":{"day":17}} -> 204`,
			removed),
	},
	"two servers and a prefix": {
		list: steps("GET /twc/osmc/oauth/consumers -> 200 [%s]")[0], item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		others: `{"key":"0ther-canary-key","name":"Canary Consumer","approved":true}`,
		steps: steps(
			`POST /authentication/api/consumers {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
			approving(`POST /admin/api/consumers/KEY/approve -> 302 | < Location: /admin/api/consumers/KEY/done;jsessionid=canaryABC?x=1`),
			`PATCH /admin/api/consumers/KEY {"name":"NAME2"} -> 204`, `PATCH /admin/api/consumers/KEY {"secret":"SECRET2"} -> 204`, `DELETE /admin/api/consumers/KEY -> 204`),
	},
	"approval in an unknown word": plain(created, approvals,
		"PUT "+collection+`/KEY {"name":"NAME2","approval":"granted"} -> 204`, "PUT "+collection+`/KEY {"secret":"SECRET2"} -> 204`, removed),
	"old name beside the new one": plain(created, approvals,
		"PUT "+collection+`/KEY {"from":"NAME1","name":"NAME2"} -> 204`, "PUT "+collection+`/KEY {"secret":"SECRET2"} -> 204`, removed),
	"left from an earlier try": {
		list: plainList, item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		others: typedIn(`{"key":"0ther-canary-key","name":"NAME1","approved":true},{"key":"0ther-canary-key-2","name":"NAME2","approved":true}`),
		steps:  steps("POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 204`, approvals, edits, removed),
	},
	"addressed by name": {
		list: plainList, item: plainItem(`{"name":%q,"approved":%t}`), others: `{"name":"Canary Consumer","approved":true}`,
		steps: steps(
			"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201`,
			approving("POST "+collection+`/NAME1/approve -> 204`),
			"PUT "+collection+`/NAME1 {"name":"NAME2","secret":"SECRET2"} -> 204`, "DELETE "+collection+`/NAME2 -> 204`),
	},
	"changes with GET": plain(
		"GET "+collection+`/register?name=NAME1&secret=SECRET1 -> 200 {"key":"KEY"}`,
		approving("GET "+collection+`/approve?key=KEY -> 200`),
		"GET "+collection+`/rename?key=KEY&name=NAME2 -> 200`, "GET "+collection+`/remove?key=KEY -> 200`),
	"made on the server": {
		list: steps("GET /osmc/oauth/consumers -> 200 <html><table>%s</table></html>")[0],
		item: plainItem(`<tr id="KEY"><td>%s</td><td>%t</td></tr>`),
		steps: steps(
			`POST /osmc/oauth/register name=NAME1&secret=SECRET1 -> 302 | < Location: /osmc/oauth/consumers`,
			approving(`POST /osmc/oauth/approve key=KEY -> 302`),
			`POST /osmc/oauth/edit key=KEY&name=NAME2&secret=SECRET2 -> 302`, `POST /osmc/oauth/remove key=KEY -> 302`),
	},
}
