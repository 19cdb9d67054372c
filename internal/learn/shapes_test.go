package learn

import (
	"fmt"
	"strings"
)

// fill puts the typed values into a text: KEY, NAME1, NAME2, SECRET1, SECRET2.
func typedIn(text string) string {
	return strings.NewReplacer("KEY", testKey, "NAME1", firstName, "NAME2", secondName, "SECRET1", firstSecret, "SECRET2", secondSecret).Replace(text)
}

// steps reads requests from lines such as
//
//	POST /path BODY -> 201 ANSWER | Header: value | < Answer-Header: value
func steps(lines ...string) []request {
	var all []request
	for _, line := range lines {
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

const collection = "/osmc/admin/oauthconsumers"

var plainList = steps("GET " + collection + " -> 200 [%s]")[0]

// plain is an API like the assumed one, with other steps.
func plain(lines ...string) shape {
	return shape{
		list: plainList, item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		others: `{"key":"0ther-canary-key","name":"Canary Consumer","approved":true}`,
		steps:  steps(lines...),
	}
}

// shapes are APIs by name. What is learned of each is in testdata/shapes.
var shapes = map[string]shape{
	"patch": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","name":"NAME1","approved":false}`,
		"PATCH "+collection+`/KEY {"approved":true} -> 200 {"key":"KEY","name":"NAME1","approved":true}`,
		"PATCH "+collection+`/KEY {"approved":false} -> 200 {"key":"KEY","name":"NAME1","approved":false}`,
		"PATCH "+collection+`/KEY {"approved":true} -> 200 {"key":"KEY","name":"NAME1","approved":true}`,
		"PATCH "+collection+`/KEY {"name":"NAME2","secret":"SECRET2"} -> 200 {"key":"KEY","name":"NAME2","approved":true}`,
		"DELETE "+collection+`/KEY -> 204`),
	"put with an empty secret": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","name":"NAME1","approved":false}`,
		"PUT "+collection+`/KEY {"name":"NAME1","secret":"","approved":true} -> 204`,
		"PUT "+collection+`/KEY {"name":"NAME1","secret":"","approved":false} -> 204`,
		"PUT "+collection+`/KEY {"name":"NAME1","secret":"","approved":true} -> 204`,
		"PUT "+collection+`/KEY {"name":"NAME2","secret":"SECRET2","approved":true} -> 204`,
		"DELETE "+collection+`/KEY -> 204`),
	"edit sends the approval": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1","repeat":"SECRET1"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 200`, "POST "+collection+`/KEY/disapprove -> 200`, "POST "+collection+`/KEY/approve -> 200`,
		"PUT "+collection+`/KEY {"name":"NAME2","secret":"SECRET2","approved":true} -> 200`,
		"DELETE "+collection+`/KEY -> 200`),
	"behind a proxy": {
		list: steps("GET /twc/prod" + collection + " -> 200 [%s]")[0], item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		steps: steps(
			"POST /twc/prod"+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 | < Location: https://canary-host.example:8111/twc/prod/osmc/admin/oauthconsumers/KEY`,
			"POST /twc/prod"+collection+`/KEY/approve -> 204`, "POST /twc/prod"+collection+`/KEY/disapprove -> 204`, "POST /twc/prod"+collection+`/KEY/approve -> 204`,
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
	"json-rpc": {
		list: steps(`GET /osmc/oauth/consumers -> 200 {"result":[%s]}`)[0], item: plainItem(`{"key":"KEY","name":%q,"approved":%t}`),
		steps: steps(
			`POST /osmc/rpc {"jsonrpc":"2.0","id":2,"method":"register","params":["NAME1","SECRET1"]} -> 200 {"result":"KEY","id":2}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":3,"method":"approve","params":["KEY"]} -> 200 {"result":null,"id":3}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":4,"method":"disapprove","params":["KEY"]} -> 200 {"result":null,"id":4}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":5,"method":"approve","params":["KEY"]} -> 200 {"result":null,"id":5}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":6,"method":"rename","params":["KEY","NAME2"]} -> 200 {"result":null,"id":6}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":7,"method":"secret","params":["KEY","SECRET2"]} -> 200 {"result":null,"id":7}`,
			`POST /osmc/rpc {"jsonrpc":"2.0","id":8,"method":"remove","params":["KEY"]} -> 200 {"result":null,"id":8}`),
	},
	"json patch": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"PATCH "+collection+`/KEY [{"op":"replace","path":"/approved","value":true}] -> 204`,
		"PATCH "+collection+`/KEY [{"op":"replace","path":"/approved","value":false}] -> 204`,
		"PATCH "+collection+`/KEY [{"op":"replace","path":"/approved","value":true}] -> 204`,
		"PATCH "+collection+`/KEY [{"op":"replace","path":"/name","value":"NAME2"},{"op":"replace","path":"/secret","value":"SECRET2"}] -> 204`,
		"DELETE "+collection+`/KEY -> 204`),
	"json api": {
		list:   steps(`GET /osmc/v2/clients?page%5Bsize%5D=50 -> 200 {"data":[%s],"meta":{}}`)[0],
		item:   plainItem(`{"type":"clients","id":"KEY","attributes":{"name":%q,"enabled":%t}}`),
		others: `{"type":"clients","id":"0ther-canary-key","attributes":{"name":"Canary Consumer","enabled":true}}`,
		steps: steps(
			`POST /osmc/v2/clients {"data":{"type":"clients","attributes":{"name":"NAME1","secret":"SECRET1"}}} -> 201 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":false}}}`,
			`PATCH /osmc/v2/clients/KEY {"data":{"type":"clients","id":"KEY","attributes":{"enabled":true}}} -> 200 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":true}}}`,
			`PATCH /osmc/v2/clients/KEY {"data":{"type":"clients","id":"KEY","attributes":{"enabled":false}}} -> 200 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":false}}}`,
			`PATCH /osmc/v2/clients/KEY {"data":{"type":"clients","id":"KEY","attributes":{"enabled":true}}} -> 200 {"data":{"type":"clients","id":"KEY","attributes":{"name":"NAME1","enabled":true}}}`,
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
			"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`,
			"DELETE "+collection+`/KEY -> 204`),
	},
	"short numeric id and pages": {
		list: steps("GET /osmc/1/consumers?page=1&size=25 -> 200 " + `{"content":[%s],"totalElements":99,"number":1}`)[0],
		item: plainItem(`{"id":7,"name":%q,"approved":%t}`), others: `{"id":5,"name":"Canary Consumer","approved":false}`,
		steps: steps(
			`POST /osmc/1/consumers {"name":"NAME1","secret":"SECRET1","version":7} -> 201 {"id":7,"name":"NAME1"}`,
			`POST /osmc/1/consumers/7/approve {"level":7} -> 200`, `POST /osmc/1/consumers/7/disapprove {"level":7} -> 200`, `POST /osmc/1/consumers/7/approve {"level":7} -> 200`,
			`PUT /osmc/1/consumers/7 {"name":"NAME2"} -> 200`, `PUT /osmc/1/consumers/7/secret {"secret":"SECRET2"} -> 200`, `DELETE /osmc/1/consumers/7 -> 200`),
	},
	"audit after each change": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		`POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/approve -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/disapprove -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/approve -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, `POST /osmc/audit {"of":"KEY"} -> 204`,
		"POST "+collection+`/KEY/remove -> 204`),
	"refused at first": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 403 {"message":"canary-message"}`,
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 204`, "POST "+collection+`/KEY/disapprove -> 204`, "POST "+collection+`/KEY/approve -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"list not loaded again": {
		list: plainList, item: plainItem(`%s%t`), others: `{"key":"0ther-canary-key","name":"Canary Consumer","approved":true}`, still: true,
		steps: plain(
			"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","name":"NAME1","approved":false}`,
			"PATCH "+collection+`/KEY {"approved":true} -> 200 {"key":"KEY","name":"NAME1","approved":true}`,
			"PATCH "+collection+`/KEY {"approved":false} -> 200 {"key":"KEY","name":"NAME1","approved":false}`,
			"PATCH "+collection+`/KEY {"approved":true} -> 200 {"key":"KEY","name":"NAME1","approved":true}`,
			"PATCH "+collection+`/KEY {"name":"NAME2"} -> 200 {"key":"KEY","name":"NAME2","approved":true}`,
			"PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 200 {"key":"KEY","name":"NAME2","approved":true}`,
			"DELETE "+collection+`/KEY -> 204`).steps,
	},
}
