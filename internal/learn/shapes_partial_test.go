package learn

import "maps"

// partialShapes are APIs of which a profile cannot describe all, by name.
var partialShapes = map[string]shape{
	"toggle": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/toggle -> 204`, "POST "+collection+`/KEY/toggle -> 204`, "POST "+collection+`/KEY/toggle -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"version in the body": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"PUT "+collection+`/KEY/approval {"on":true,"version":1} -> 204`, "PUT "+collection+`/KEY/approval {"on":false,"version":2} -> 204`, "PUT "+collection+`/KEY/approval {"on":true,"version":3} -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"version in a header": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 204 | If-Match: "1"`, "POST "+collection+`/KEY/disapprove -> 204 | If-Match: "2"`, "POST "+collection+`/KEY/approve -> 204 | If-Match: "3"`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"odata paths": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`('KEY')/approve -> 204`, "POST "+collection+`('KEY')/disapprove -> 204`, "POST "+collection+`('KEY')/approve -> 204`,
		"PATCH "+collection+`('KEY') {"name":"NAME2"} -> 204`, "PATCH "+collection+`('KEY') {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`('KEY') -> 204`),
	"bodies in XML and multipart": plain(
		"POST "+collection+` <consumer><name>NAME1</name><secret>SECRET1</secret></consumer> -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 204`, "POST "+collection+`/KEY/disapprove -> 204`, "POST "+collection+`/KEY/approve -> 204`,
		"POST "+collection+`/KEY --x-name-NAME2-- -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"secret is hashed": plain(
		"POST "+collection+` {"name":"NAME1","secret":"9f86d081884c7d659a2feaa0c55ad015"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 204`, "POST "+collection+`/KEY/disapprove -> 204`, "POST "+collection+`/KEY/approve -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"another value of the consumer": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY","databaseId":948812}`,
		"POST "+collection+`/KEY/approve {"databaseId":948812} -> 204`, "POST "+collection+`/KEY/disapprove {"databaseId":948812} -> 204`, "POST "+collection+`/KEY/approve {"databaseId":948812} -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"embedded in a larger text": plain(
		"POST "+collection+` payload=%7B%22name%22%3A%22NAME1%22%2C%22secret%22%3A%22SECRET1%22%7D -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve -> 204`, "POST "+collection+`/KEY/disapprove -> 204`, "POST "+collection+`/KEY/approve -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"a password each time": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1","adminPassword":"canary-password"} -> 201 {"key":"KEY"}`,
		"POST "+collection+`/KEY/approve {"session":"canary-session-1f3a09b7c2"} -> 204`, "POST "+collection+`/KEY/disapprove {"session":"canary-session-1f3a09b7c2"} -> 204`, "POST "+collection+`/KEY/approve {"session":"canary-session-1f3a09b7c2"} -> 204`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204`, "DELETE "+collection+`/KEY -> 204`),
	"token of an HTML page": plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201 {"key":"KEY"} | X-CSRF-Token: canary-html-token-55`,
		"POST "+collection+`/KEY/approve -> 204 | X-CSRF-Token: canary-html-token-55`, "POST "+collection+`/KEY/disapprove -> 204 | X-CSRF-Token: canary-html-token-55`, "POST "+collection+`/KEY/approve -> 204 | X-CSRF-Token: canary-html-token-55`,
		"PATCH "+collection+`/KEY {"name":"NAME2"} -> 204 | X-CSRF-Token: canary-html-token-55`, "PATCH "+collection+`/KEY {"secret":"SECRET2"} -> 204 | X-CSRF-Token: canary-html-token-55`, "DELETE "+collection+`/KEY -> 204 | X-CSRF-Token: canary-html-token-55`),
	"addressed by name": {
		list: plainList, item: plainItem(`{"name":%q,"approved":%t}`), others: `{"name":"Canary Consumer","approved":true}`,
		steps: steps(
			"POST "+collection+` {"name":"NAME1","secret":"SECRET1"} -> 201`,
			"POST "+collection+`/NAME1/approve -> 204`, "POST "+collection+`/NAME1/disapprove -> 204`, "POST "+collection+`/NAME1/approve -> 204`,
			"PUT "+collection+`/NAME1 {"name":"NAME2","secret":"SECRET2"} -> 204`, "DELETE "+collection+`/NAME2 -> 204`),
	},
	"changes with GET": plain(
		"GET "+collection+`/register?name=NAME1&secret=SECRET1 -> 200 {"key":"KEY"}`,
		"GET "+collection+`/approve?key=KEY -> 200`, "GET "+collection+`/disapprove?key=KEY -> 200`, "GET "+collection+`/approve?key=KEY -> 200`,
		"GET "+collection+`/rename?key=KEY&name=NAME2 -> 200`, "GET "+collection+`/remove?key=KEY -> 200`),
	"made on the server": {
		list: steps("GET /osmc/oauth/consumers -> 200 <html><table>%s</table></html>")[0],
		item: plainItem(`<tr id="KEY"><td>%s</td><td>%t</td></tr>`),
		steps: steps(
			`POST /osmc/oauth/register name=NAME1&secret=SECRET1 -> 302 | < Location: /osmc/oauth/consumers`,
			`POST /osmc/oauth/approve key=KEY -> 302`, `POST /osmc/oauth/disapprove key=KEY -> 302`, `POST /osmc/oauth/approve key=KEY -> 302`,
			`POST /osmc/oauth/edit key=KEY&name=NAME2&secret=SECRET2 -> 302`, `POST /osmc/oauth/remove key=KEY -> 302`),
	},
}

// allShapes are all of them.
func allShapes() map[string]shape {
	all := maps.Clone(shapes)
	maps.Copy(all, partialShapes)
	return all
}
