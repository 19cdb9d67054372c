package profile

// What a user, a recording, or an editor gets wrong, by what it is.
var mistakesIn = map[string]mistakeIn{
	"no profile": {
		document: "small", old: "\"profile\": 2,\n", new: ``,
		problems: []string{`line 1, column 1: missing: profile`},
	},
	"format as text": {
		document: "small", old: `"profile": 2`, new: `"profile": "2"`,
		problems: []string{`line 2, column 3 (/profile): it must be a whole number, not negative`},
	},
	"a later format": {
		document: "small", old: `"profile": 2`, new: `"profile": 3`,
		problems: []string{`line 2, column 3 (/profile): this provider reads profiles of format 2`},
	},
	"unknown member": {
		document: "small", old: `"server": "rest"`, new: `"server": "rest", "oauth": {}`,
		problems: []string{`line 3, column 21 (/oauth): no such member in a profile of format 2: check its spelling`},
	},
	"unknown member of a call": {
		document: "small", old: `"path": "/c/{key}"`, new: `"path": "/c/{key}", "status": [200]`,
		problems: []string{`line 8, column 52 (/calls/rename/status): no such member in a profile of format 2: check its spelling`},
	},
	"two of a member": {
		document: "small", old: `"server": "rest",`, new: `"server": "rest", "server": "rest",`,
		problems: []string{`line 3, column 21 (/server): the object has this member twice`},
		beyond:   true,
	},
	"another server": {
		document: "small", old: `"rest"`, new: `"osmc"`,
		problems: []string{`line 3, column 3 (/server): it must be rest or webapp`},
	},
	"no server": {
		document: "small", old: "\"server\": \"rest\",\n", new: ``,
		problems: []string{`line 5, column 4 (/calls/list); line 6, column 4 (/calls/register); line 7, column 4 (/calls/rename): missing: server, here or in the profile`},
	},
	"no server for csrf": {
		document: "register alone", old: `"profile": 2,`, new: `"profile": 2, "csrf": {"from": "cookie", "name": "c"},`,
		problems: []string{`line 1, column 16 (/csrf): missing: server, here or in the profile`},
	},
	"no server for the sign-out": {
		document: "register alone", old: `"profile": 2,`, new: `"profile": 2, "sign_in": {"by": "page", "start": "/s", "sign_out": {"method": "GET", "path": "/o"}},`,
		problems: []string{`line 1, column 57 (/sign_in/sign_out): missing: server, here or in the profile`},
	},
	"known by hearsay": {
		document: "small", old: `"server": "rest"`, new: `"server": "rest", "known": "heard"`,
		problems: []string{`line 3, column 21 (/known): it must be documented, seen, learned or assumed`},
	},
	"description as a number": {
		document: "small", old: `"server": "rest"`, new: `"server": "rest", "description": 1`,
		problems: []string{`line 3, column 21 (/description): it must be a string`},
	},
	"no calls": {
		document: "small", old: `"calls"`, new: `"call"`,
		problems: []string{
			`line 1, column 1: missing: calls`,
			`line 5, column 3 (/call): no such member in a profile of format 2: check its spelling`,
		},
	},
	"calls as a list": {
		document: "sign-in by token", old: `{"register": {"method": "POST", "path": "/r", "form": {"n": "{name}", "s": "{secret}"}}}`, new: `[]`,
		problems: []string{`line 1, column 129 (/calls): it must be an object`},
	},
	"calls that are none": {
		document: "sign-in by token", old: `"register": {"method": "POST", "path": "/r", "form": {"n": "{name}", "s": "{secret}"}}`, new: ``,
		problems: []string{`line 1, column 129 (/calls): missing: list`},
	},
	"no list": {
		document: "small", old: "\"list\": {\"method\": \"GET\", \"path\": \"/c\", \"response\": {\"key\": \"/key\", \"name\": \"/name\", \"approved\": \"/approved\"}, \"pages\": {\"by\": \"none\"}},\n", new: ``,
		problems: []string{`line 5, column 3 (/calls): missing: list`},
	},
	"list without names": {
		document: "small", old: `"key": "/key", "name": "/name",`, new: `"key": "/key",`,
		problems: []string{`line 6, column 44 (/calls/list/response): the list does not tell key, name and approval of each consumer, and there is no read call that does`},
	},
	"list without approvals": {
		document: "small", old: `, "approved": "/approved"`, new: ``,
		problems: []string{`line 6, column 44 (/calls/list/response): the list does not tell key, name and approval of each consumer, and there is no read call that does`},
	},
	"no approved": {
		document: "small", old: "\"approved\": {\"yes\": [true], \"no\": [false]},\n", new: ``,
		problems: []string{`line 1, column 1: missing: approved, the values that mean yes and no`},
	},
	"no approved, which is sent": {
		document: "register alone", old: `"{secret}"`, new: `"{secret}", "a": ["{approved}"]`,
		problems: []string{`line 1, column 1: missing: approved, the values that mean yes and no`},
		beyond:   true,
	},
	"approved without no": {
		document: "small", old: `, "no": [false]`, new: ``,
		problems: []string{`line 4, column 3 (/approved): missing: no`},
	},
	"approved never": {
		document: "small", old: `"yes": [true]`, new: `"yes": []`,
		problems: []string{`line 4, column 16 (/approved/yes): it must not be empty`},
	},
	"approved as a boolean": {
		document: "small", old: `"yes": [true]`, new: `"yes": true`,
		problems: []string{`line 4, column 16 (/approved/yes): it must be an array`},
	},
	"approved as an object": {
		document: "small", old: `"yes": [true]`, new: `"yes": [{}]`,
		problems: []string{`line 4, column 24 (/approved/yes/0): it must be a string, a number, true, false or null`},
	},
	"yes means no": {
		document: "small", old: `"yes": [true], "no": [false]`, new: `"yes": [true, 1], "no": [false, 1.0]`,
		problems: []string{`line 4, column 48 (/approved/no/1): the same value means yes`},
		beyond:   true,
	},
	"keep without a pointer": {
		document: "full", old: `"/version"`, new: `"version"`,
		problems: []string{`line 10, column 12 (/keep/version): "version" is not a JSON pointer (RFC 6901), such as /data/key`},
	},
	"keep with a name that cannot be": {
		document: "full", old: `"keep": {`, new: `"keep": {"a}": "/a", `,
		problems: []string{`line 10, column 12 (/keep/a}): the name cannot stand in a placeholder`},
	},
	"keep that is not there": {
		document: "full", old: `{keep.version}"}`, new: `{keep.etag}"}`,
		problems: []string{`line 20, column 113 (/calls/edit/headers/If-Match): the profile has no such member in keep`},
		beyond:   true,
	},
	"header with a blank": {
		document: "full", old: `"Accept": `, new: `"Accept it": `,
		problems: []string{`line 7, column 15 (/headers/Accept it): this is not the name of a header`},
	},
	"header with a secret": {
		document: "full", old: `"Accept": `, new: `"authorization": `,
		problems: []string{`line 7, column 15 (/headers/authorization): a profile cannot set this header: the provider does, or it holds a secret or a host`},
	},
	"header with a line break": {
		document: "full", old: `"application/json"`, new: `"application\njson"`,
		problems: []string{`line 7, column 15 (/headers/Accept): a header is one line of ASCII text`},
	},
	"header with an umlaut": {
		document: "full", old: `"application/json"`, new: `"ä"`,
		problems: []string{`line 7, column 15 (/headers/Accept): a header is one line of ASCII text`},
	},
	"header with a host": {
		document: "full", old: `"application/json"`, new: `"https://host.example"`,
		problems: []string{`line 7, column 15 (/headers/Accept): a profile holds no URL`},
	},
	"header with a name": {
		document: "full", old: `"X-Csrf": "{csrf}"`, new: `"X-Csrf": "{name}"`,
		problems: []string{`line 20, column 93 (/calls/edit/headers/X-Csrf): {name} cannot be used here`},
	},
	"header with a key in all calls": {
		document: "full", old: `"application/json"`, new: `"{key}"`,
		problems: []string{`line 7, column 15 (/headers/Accept): {key} cannot be used here`},
	},
	"header with an expression": {
		document: "full", old: `"If-Match": "{keep.version}"`, new: `"If-Match": "W/{keep.version}"`,
		problems: []string{`line 20, column 113 (/calls/edit/headers/If-Match): {keep.version} must be the whole value: a profile has no expressions`},
	},
	"header twice": {
		document: "full", old: `"Accept": "application/json"`, new: `"accept": "*/*", "Accept": "application/json"`,
		problems: []string{`line 7, column 15 (/headers/accept): the header is there twice`},
		beyond:   true,
	},
	"csrf from the air": {
		document: "full", old: `"from": "page"`, new: `"from": "air"`,
		problems: []string{`line 8, column 12 (/csrf/from): it must be cookie, header, body or page`},
	},
	"csrf without from": {
		document: "full", old: `"from": "page", `, new: ``,
		problems: []string{`line 8, column 3 (/csrf): missing: from`},
	},
	"csrf without name": {
		document: "full", old: `"name": "_csrf", `, new: ``,
		problems: []string{`line 8, column 3 (/csrf): missing: name`},
	},
	"csrf with a pointer": {
		document: "full", old: `"name": "_csrf"`, new: `"name": "_csrf", "pointer": "/a"`,
		problems: []string{`line 8, column 45 (/csrf/pointer): name and pointer exclude each other`},
	},
	"csrf in a body with a name": {
		document: "full", old: `"from": "page"`, new: `"from": "body", "pointer": "/a"`,
		problems: []string{`line 8, column 45 (/csrf/name): pointer and name exclude each other`},
	},
	"csrf in a body without pointer": {
		document: "full", old: `"from": "page", "name": "_csrf"`, new: `"from": "body"`,
		problems: []string{`line 8, column 3 (/csrf): missing: pointer`},
	},
	"csrf with an empty pointer": {
		document: "full", old: `"from": "page", "name": "_csrf"`, new: `"from": "body", "pointer": ""`,
		problems: []string{`line 8, column 28 (/csrf/pointer): it must not be empty`},
	},
	"csrf without path": {
		document: "full", old: `, "path": "/webapp/settings", "decode"`, new: `, "decode"`,
		problems: []string{`line 8, column 3 (/csrf): missing: path, which brings the token`},
	},
	"csrf in a cookie that cannot be": {
		document: "full", old: `"from": "page", "name": "_csrf"`, new: `"from": "cookie", "name": "a b"`,
		problems: []string{`line 8, column 30 (/csrf/name): this is not the name of a cookie`},
	},
	"csrf with a query": {
		document: "full", old: `"path": "/webapp/settings", "decode"`, new: `"path": "/webapp/settings?a", "decode"`,
		problems: []string{`line 8, column 65 (/csrf/path): "/webapp/settings?a" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"csrf that is decoded perhaps": {
		document: "full", old: `"decode": true`, new: `"decode": "perhaps"`,
		problems: []string{`line 8, column 93 (/csrf/decode): it must be true or false`},
	},
	"no csrf": {
		document: "small", old: `"{secret}"`, new: `"{secret}", "c": "{csrf}"`,
		problems: []string{`line 7, column 4 (/calls/register): the call sends {csrf}, and the profile has no csrf`},
		beyond:   true,
	},
	"sign-in by magic": {
		document: "full", old: `"by": "page"`, new: `"by": "magic"`,
		problems: []string{`line 3, column 35 (/sign_in/by): it must be page or token`},
	},
	"sign-in without start": {
		document: "full", old: "\"start\": \"/webapp/settings\",\n", new: ``,
		problems: []string{`line 3, column 3 (/sign_in): missing: start, the page that leads to the sign-in`},
	},
	"sign-in without sign-out": {
		document: "full", old: ",\n\t\t\t\"sign_out\": {\"server\": \"rest\", \"method\": \"GET\", \"path\": \"/webapp/logout\"}", new: ``,
		problems: []string{`line 3, column 3 (/sign_in): missing: sign_out, which ends the session`},
	},
	"sign-in by page with a scheme": {
		document: "full", old: `"start": `, new: `"scheme": "Bearer", "start": `,
		problems: []string{`line 3, column 49 (/sign_in/scheme): a sign-in by page sends no Authorization`},
	},
	"no sign-in for a call": {
		document: "no sign-in", old: `"sign_in": "none", `, new: ``,
		problems: []string{`line 1, column 1: missing: sign_in, which calls to webapp need, unless they say "sign_in": "none"`},
	},
	"no sign-in for the server of a call": {
		document: "small", old: `"method": "PUT"`, new: `"server": "webapp", "method": "PUT"`,
		problems: []string{`line 1, column 1: missing: sign_in, which calls to webapp need, unless they say "sign_in": "none"`},
	},
	"no sign-in for the token": {
		document: "no sign-in", old: `"name": "c"`, new: `"name": "c", "path": "/p"`,
		problems: []string{`line 1, column 1: missing: sign_in, which calls to webapp need, unless they say "sign_in": "none"`},
	},
	"sign-in by token without scheme": {
		document: "sign-in by token", old: `, "scheme": "Bearer"`, new: ``,
		problems: []string{`line 1, column 36 (/sign_in): missing: scheme, such as Bearer`},
	},
	"sign-in by token with a page": {
		document: "sign-in by token", old: `"scheme": "Bearer"`, new: `"scheme": "Bearer", "start": "/s"`,
		problems: []string{`line 1, column 36 (/sign_in): a sign-in by token has no pages`},
	},
	"step without form": {
		document: "full", old: `{"form": {"j_username": "{username}", "j_password": "{password}", "b": "go"}}`, new: `{}`,
		problems: []string{`line 4, column 14 (/sign_in/steps/0): missing: form or json`},
	},
	"step with form and path": {
		document: "full", old: `{"form": `, new: `{"path": "/p", "form": `,
		problems: []string{`line 4, column 14 (/sign_in/steps/0): the page says where its form goes: no method, path, json or next`},
	},
	"step with JSON and no path": {
		document: "full", old: `"path": "/authentication/api/login", `, new: ``,
		problems: []string{`line 5, column 5 (/sign_in/steps/1): missing: path`},
	},
	"step with another placeholder": {
		document: "full", old: `"j_username": "{username}"`, new: `"j_username": "{name}"`,
		problems: []string{`line 4, column 24 (/sign_in/steps/0/form/j_username): {name} cannot be used here`},
	},
	"step with part of a placeholder": {
		document: "full", old: `"u": "{username}"`, new: `"u": "DOMAIN{username}"`,
		problems: []string{`line 5, column 70 (/sign_in/steps/1/json/u): {username} must be the whole value: a profile has no expressions`},
	},
	"step with another source": {
		document: "full", old: `"u": "{username}"`, new: `"u": "{header.x}"`,
		problems: []string{`line 5, column 70 (/sign_in/steps/1/json/u): {header.x} cannot be used here`},
	},
	"step with a source that is no pointer": {
		document: "full", old: `"u": "{username}"`, new: `"u": "{response.id}"`,
		problems: []string{`line 5, column 70 (/sign_in/steps/1/json/u): {response.id} cannot be used here`},
	},
	"sign-out without path": {
		document: "full", old: `, "path": "/webapp/logout"`, new: ``,
		problems: []string{`line 6, column 4 (/sign_in/sign_out): missing: path`},
	},
	"no method": {
		document: "small", old: `"method": "PUT", `, new: ``,
		problems: []string{`line 8, column 4 (/calls/rename): missing: method`},
	},
	"another method": {
		document: "small", old: `"PUT"`, new: `"put"`,
		problems: []string{`line 8, column 15 (/calls/rename/method): it must be GET, POST, PUT, PATCH or DELETE`},
	},
	"a list that deletes": {
		document: "small", old: `"GET"`, new: `"DELETE"`,
		problems: []string{`line 6, column 13 (/calls/list/method): a call that only reads is a GET or a POST`},
	},
	"a change by GET": {
		document: "small", old: `"PUT"`, new: `"GET"`,
		problems: []string{`line 8, column 15 (/calls/rename/method): a GET changes nothing, and is repeated without harm: this call cannot be one`},
	},
	"a GET with a body": {
		document: "small", old: `"method": "GET"`, new: `"method": "GET", "form": {}`,
		problems: []string{`line 6, column 13 (/calls/list/method): a GET has no body`},
	},
	"no path": {
		document: "small", old: `"path": "/c/{key}", `, new: ``,
		problems: []string{`line 8, column 4 (/calls/rename): missing: path`},
	},
	"an empty path": {
		document: "small", old: `"/c/{key}"`, new: `""`,
		problems: []string{`line 8, column 32 (/calls/rename/path): it must not be empty`},
	},
	"a path with a host": {
		document: "small", old: `"/c/{key}"`, new: `"https://host.example/{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "https://host.example/{key}" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"a path to another host": {
		document: "small", old: `"/c/{key}"`, new: `"//host.example/{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "//host.example/{key}" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"a path with a query": {
		document: "small", old: `"/c/{key}"`, new: `"/c/{key}?a=b"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "/c/{key}?a=b" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"a path with a blank": {
		document: "small", old: `"/c/{key}"`, new: `"/c c/{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "/c c/{key}" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"a path with an umlaut": {
		document: "small", old: `"/c/{key}"`, new: `"/ä/{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "/ä/{key}" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"a path with half an escape": {
		document: "small", old: `"/c/{key}"`, new: `"/%4/{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "%4": a % is followed by two hexadecimal digits`},
	},
	"a path with dots": {
		document: "small", old: `"/c/{key}"`, new: `"/c/%2e./{key}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "." and ".." cannot be segments`},
	},
	"a path with a name": {
		document: "small", old: `"/c/{key}"`, new: `"/c/{key}/{name}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): {name} cannot be used here`},
	},
	"a path with an expression": {
		document: "small", old: `"/c/{key}"`, new: `"/c/{key}.json"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "{key}.json": only a placeholder such as {key} can take the place of a segment`},
	},
	"a path with no such placeholder": {
		document: "small", old: `"/c/{key}"`, new: `"/c/{key}/{id}"`,
		problems: []string{`line 8, column 32 (/calls/rename/path): "{id}": only a placeholder such as {key} can take the place of a segment`},
	},
	"a query with a secret": {
		document: "full", old: `"key": "{key:number}"`, new: `"key": "{key:number}", "s": "{secret}"`,
		problems: []string{`line 16, column 115 (/calls/read/query/s): {secret} cannot be used here`},
	},
	"a list by key": {
		document: "full", old: `"view": "all"`, new: `"view": "{key}"`,
		problems: []string{`line 12, column 81 (/calls/list/query/view): {key} cannot be used here`},
	},
	"a registration with a key": {
		document: "small", old: `"{secret}"`, new: `"{secret}", "k": "{key}"`,
		problems: []string{`line 7, column 98 (/calls/register/json/k): {key} cannot be used here`},
	},
	"a registration that keeps": {
		document: "full", old: `"{secret}", "approved": "{approved}"}, "response"`, new: `"{secret}", "v": "{keep.version}"}, "response"`,
		problems: []string{`line 19, column 54 (/calls/register/json/v): {keep.version} cannot be used here`},
	},
	"a removal with a secret": {
		document: "full", old: `"method": "DELETE"`, new: `"method": "POST", "json": {"s": "{secret}"}`,
		problems: []string{`line 23, column 42 (/calls/remove/json/s): {secret} cannot be used here`},
	},
	"no key": {
		document: "small", old: `"/c/{key}"`, new: `"/c"`,
		problems: []string{`line 8, column 4 (/calls/rename): the call does not send {key}`},
		beyond:   true,
	},
	"no name": {
		document: "small", old: `{"name": "{name}"}`, new: `{"name": "name"}`,
		problems: []string{`line 8, column 4 (/calls/rename): the call does not send {name}`},
		beyond:   true,
	},
	"no secret": {
		document: "small", old: `"{secret}"`, new: `""`,
		problems: []string{`line 7, column 4 (/calls/register): the call does not send {secret}`},
		beyond:   true,
	},
	"an expression in JSON": {
		document: "small", old: `{"name": "{name}"}`, new: `{"name": ["{name}", {"a": "x{key}"}]}`,
		problems: []string{`line 8, column 81 (/calls/rename/json/name/1/a): {key} must be the whole value: a profile has no expressions`},
	},
	"a placeholder that is none": {
		document: "small", old: `{"name": "{name}"}`, new: `{"name": ["{name}", "{nane}"]}`,
		problems: []string{`line 8, column 80 (/calls/rename/json/name/1): {nane} cannot be used here`},
	},
	"a placeholder of the sign-in": {
		document: "small", old: `{"name": "{name}"}`, new: `{"name": ["{name}", "{password}"]}`,
		problems: []string{`line 8, column 80 (/calls/rename/json/name/1): {password} cannot be used here`},
	},
	"a URL in JSON": {
		document: "small", old: `{"name": "{name}"}`, new: `{"name": ["{name}", "https://host.example"]}`,
		problems: []string{`line 8, column 80 (/calls/rename/json/name/1): a profile holds no URL`},
	},
	"a number in a form": {
		document: "sign-in by token", old: `"form": {`, new: `"form": {"x": 1, `,
		problems: []string{`line 1, column 193 (/calls/register/form/x): it must be a string`},
	},
	"JSON and form": {
		document: "small", old: `"json": {"name": "{name}"}`, new: `"json": {"name": "{name}"}, "form": {}`,
		problems: []string{`line 8, column 4 (/calls/rename): json and form exclude each other`},
	},
	"JSON that is null": {
		document: "small", old: `"json": {"name": "{name}"}`, new: `"json": null`,
		problems: []string{`line 8, column 52 (/calls/rename/json): a body cannot be null`},
	},
	"discover and path": {
		document: "register alone", old: `"discover"`, new: `"path": "/r", "discover"`,
		problems: []string{`line 1, column 26 (/calls/register): discover stands instead of server and path`},
	},
	"discover something else": {
		document: "register alone", old: `"oauthRequestConsumerKeyUrl"`, new: `"oauthDomain"`,
		problems: []string{`line 1, column 39 (/calls/register/discover): it must be oauthRequestConsumerKeyUrl`},
	},
	"discover another call": {
		document: "full", old: `"method": "DELETE", "path": "/webapp/api/consumers/{key}/{keep.version}"`, new: `"method": "DELETE", "discover": "oauthRequestConsumerKeyUrl", "query": {"k": "{key}"}`,
		problems: []string{`line 23, column 35 (/calls/remove/discover): only register can be discovered`},
	},
	"discover with a token": {
		document: "full", old: `"method": "POST", "discover"`, new: `"headers": {"X-Csrf": "{csrf}"}, "method": "POST", "discover"`,
		problems: []string{`line 18, column 4 (/calls/register): a discovered call is sent without a session: there is no {csrf}`},
		beyond:   true,
	},
	"another sign-in": {
		document: "full", old: `"sign_in": "none"`, new: `"sign_in": "page"`,
		problems: []string{`line 18, column 77 (/calls/register/sign_in): it must be none`},
	},
	"approved that is not sent": {
		document: "small", old: `"json": {"name": "{name}"}`, new: `"json": {"name": "{name}"}, "approved": {"yes": 1, "no": 0}`,
		problems: []string{`line 8, column 80 (/calls/rename/approved): the call does not send {approved}`},
		beyond:   true,
	},
	"approved that a list sends": {
		document: "small", old: `"pages"`, new: `"approved": {"yes": 1, "no": 0}, "pages"`,
		problems: []string{`line 6, column 115 (/calls/list/approved): the call does not send {approved}`},
	},
	"approved that is one value": {
		document: "full", old: `{"yes": 1, "no": 0}`, new: `{"yes": 1, "no": 1.0}`,
		problems: []string{`line 21, column 81 (/calls/edit/approved): yes and no are the same value`},
		beyond:   true,
	},
	"approved that is null in a form": {
		document: "full", old: `{"yes": 1, "no": 0}`, new: `{"yes": 1, "no": null}`,
		problems: []string{`line 21, column 54 (/calls/edit/form/approved): null is not a text: say what the call sends with "approved": {"yes": ..., "no": ...}`},
		beyond:   true,
	},
	"approved that is null in a query": {
		document: "small", old: "\"no\": [false]},\n\t\t\"calls\": {", new: "\"no\": [null, false]},\n\t\t\"calls\": {\"approve\": {\"method\": \"POST\", \"path\": \"/a/{key}\", \"query\": {\"a\": \"{approved}\"}},",
		problems: []string{`line 5, column 73 (/calls/approve/query/a): null is not a text: say what the call sends with "approved": {"yes": ..., "no": ...}`},
		beyond:   true,
	},
	"approved as an array": {
		document: "full", old: `{"yes": 1, "no": 0}`, new: `{"yes": 1, "no": [0]}`,
		problems: []string{`line 21, column 104 (/calls/edit/approved/no): it must be a string, a number, true, false or null`},
	},
	"redirect to a host": {
		document: "full", old: `"/webapp/consumers/{key}"`, new: `"https://host.example/{key}"`,
		problems: []string{`line 22, column 5 (/calls/edit/redirect): "https://host.example/{key}" is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment`},
	},
	"redirect to a name": {
		document: "full", old: `"/webapp/consumers/{key}"`, new: `"/{name}/{key}"`,
		problems: []string{`line 22, column 5 (/calls/edit/redirect): {name} cannot be used here`},
	},
	"redirect without the key": {
		document: "full", old: `"/webapp/consumers/{key}"`, new: `"/webapp/consumers"`,
		problems: []string{`line 22, column 5 (/calls/edit/redirect): the key is in the header Location: the path must end with {key}`},
	},
	"redirect with a body": {
		document: "full", old: `{"key_header": "Location", "key_is_last_segment": true}`, new: `{"name": "/name"}`,
		problems: []string{`line 22, column 44 (/calls/edit/response): a redirect has no body: only key_header can be there`},
	},
	"redirect of a list": {
		document: "small", old: `"pages"`, new: `"redirect": "/", "pages"`,
		problems: []string{`line 6, column 115 (/calls/list/redirect): a redirect has no consumers: not for a call that reads`},
	},
	"expect an object": {
		document: "full", old: `{"/ok": true}`, new: `{"/ok": {}}`,
		problems: []string{`line 13, column 16 (/calls/list/expect/~1ok): it must be a string, a number, true, false or null`},
	},
	"expect nowhere": {
		document: "full", old: `{"/ok": true}`, new: `{"ok": true}`,
		problems: []string{`line 13, column 16 (/calls/list/expect/ok): "ok" is not a JSON pointer (RFC 6901), such as /data/key`},
	},
	"expect in a text": {
		document: "full", old: `"response": {"format": "text"`, new: `"expect": {"/ok": true}, "response": {"format": "text"`,
		problems: []string{`line 19, column 106 (/calls/register/response): a text is the key alone: no name, approved or expect`},
	},
	"pointer without slash": {
		document: "small", old: `{"key": "/key", "name"`, new: `{"key": "key", "name"`,
		problems: []string{`line 6, column 57 (/calls/list/response/key): "key" is not a JSON pointer (RFC 6901), such as /data/key`},
	},
	"pointer with half an escape": {
		document: "small", old: `{"key": "/key", "name"`, new: `{"key": "/k~2", "name"`,
		problems: []string{`line 6, column 57 (/calls/list/response/key): "/k~2" is not a JSON pointer (RFC 6901), such as /data/key`},
	},
	"format of XML": {
		document: "full", old: `"format": "text"`, new: `"format": "xml"`,
		problems: []string{`line 19, column 94 (/calls/register/response/format): it must be text`},
	},
	"text with a name": {
		document: "full", old: `"format": "text"`, new: `"format": "text", "name": "/name"`,
		problems: []string{`line 19, column 81 (/calls/register/response): a text is the key alone: no name, approved or expect`},
	},
	"key here and there": {
		document: "full", old: `{"key": "/id", "name": "/name", "approved"`, new: `{"key": "/id", "key_header": "Location", "name": "/name", "approved"`,
		problems: []string{`line 17, column 5 (/calls/read/response): the key is at one place: key, key_header, key_is_member and text exclude each other`},
	},
	"key is the last segment of nothing": {
		document: "full", old: `{"key": "/id", "name": "/name", "approved"`, new: `{"key_is_last_segment": true, "name": "/name", "approved"`,
		problems: []string{`line 17, column 18 (/calls/read/response/key_is_last_segment): the response has no key`},
	},
	"header that cannot be": {
		document: "full", old: `"key_header": "Location"`, new: `"key_header": "Location:"`,
		problems: []string{`line 22, column 57 (/calls/edit/response/key_header): this is not the name of a header`},
	},
	"list without keys": {
		document: "small", old: `{"key": "/key", "name": "/name", "approved"`, new: `{"name": "/name", "approved"`,
		problems: []string{`line 6, column 44 (/calls/list/response): missing: key`},
	},
	"list with keys in a header": {
		document: "small", old: `{"key": "/key", "name": "/name", "approved"`, new: `{"key": "/key", "key_header": "Location", "name": "/name", "approved"`,
		problems: []string{`line 6, column 44 (/calls/list/response): a list has its keys in JSON: no key_header, no format`},
	},
	"list with two keys": {
		document: "small", old: `{"key": "/key", "name": "/name", "approved"`, new: `{"key": "/key", "key_is_member": true, "name": "/name", "approved"`,
		problems: []string{`line 6, column 44 (/calls/list/response): the key is at one place: key, key_header, key_is_member and text exclude each other`},
	},
	"two lists and an approval": {
		document: "full", old: "\"key\": \"/id\", \"name\": \"/name\"},\n", new: "\"key\": \"/id\", \"name\": \"/name\", \"approved\": \"/a\"},\n",
		problems: []string{`line 14, column 115 (/calls/list/response/approved): the list that a consumer is in says whether it is approved`},
	},
	"two lists, one missing": {
		document: "full", old: `, "no": "/no"}`, new: `}`,
		problems: []string{`line 14, column 18 (/calls/list/response/items): missing: no`},
	},
	"items of one consumer": {
		document: "full", old: `{"key": "/id", "name": "/name", "approved"`, new: `{"items": "/x", "key": "/id", "name": "/name", "approved"`,
		problems: []string{`line 17, column 5 (/calls/read/response): items, only and key_is_member are for list`},
	},
	"only of one consumer": {
		document: "full", old: `{"key": "/id", "name": "/name", "approved"`, new: `{"only": {"/k": 1}, "key": "/id", "name": "/name", "approved"`,
		problems: []string{`line 17, column 5 (/calls/read/response): items, only and key_is_member are for list`},
	},
	"only an object": {
		document: "full", old: `{"/kind": "1.0a"}`, new: `{"/kind": []}`,
		problems: []string{`line 14, column 66 (/calls/list/response/only/~1kind): it must be a string, a number, true, false or null`},
	},
	"a place in another": {
		document: "small", old: `{"key": "/key", "name": "/name", "approved"`, new: `{"key": "/name", "name": "/name/first", "approved"`,
		problems: []string{`line 6, column 44 (/calls/list/response): no response can be like this: two of its places contradict each other`},
		beyond:   true,
	},
	"a total in an array": {
		document: "full", old: `"response": {"items": {"yes": "/yes", "no": "/no"}`, new: `"response": {"items": {"yes": "/0/yes", "no": "/0/no"}`,
		problems: []string{`line 14, column 5 (/calls/list/response): no response can be like this: two of its places contradict each other`},
		beyond:   true,
	},
	"no pages": {
		document: "small", old: `, "pages": {"by": "none"}`, new: ``,
		problems: []string{`line 6, column 4 (/calls/list): missing: pages; {"by": "none"} says that the list is whole`},
	},
	"pages by the book": {
		document: "small", old: `{"by": "none"}`, new: `{"by": "book"}`,
		problems: []string{`line 6, column 125 (/calls/list/pages/by): it must be none, link, next, cursor, number or offset`},
	},
	"pages by nothing": {
		document: "small", old: `{"by": "none"}`, new: `{}`,
		problems: []string{`line 6, column 115 (/calls/list/pages): missing: by`},
	},
	"pages of one consumer": {
		document: "small", old: `"json": {"name": "{name}"}`, new: `"json": {"name": "{name}"}, "pages": {"by": "none"}`,
		problems: []string{`line 8, column 80 (/calls/rename/pages): only a list has pages`},
	},
	"pages by cursor alone": {
		document: "small", old: `{"by": "none"}`, new: `{"by": "cursor"}`,
		problems: []string{
			`line 6, column 115 (/calls/list/pages): missing: parameter`,
			`line 6, column 115 (/calls/list/pages): missing: pointer`,
		},
	},
	"pages with a pointer": {
		document: "small", old: `{"by": "none"}`, new: `{"by": "link", "pointer": "/next"}`,
		problems: []string{`line 6, column 139 (/calls/list/pages/pointer): it has no meaning for pages by link`},
	},
	"pages with a total": {
		document: "small", old: `{"by": "none"}`, new: `{"by": "next", "pointer": "/next", "total": "/total"}`,
		problems: []string{`line 6, column 159 (/calls/list/pages/total): it has no meaning for pages by next`},
	},
	"pages from one": {
		document: "small", old: `{"by": "none"}`, new: `{"by": "offset", "parameter": "o", "first": 1}`,
		problems: []string{`line 6, column 159 (/calls/list/pages/first): it has no meaning for pages by offset`},
	},
	"pages from half": {
		document: "full", old: `"first": 1`, new: `"first": 0.5`,
		problems: []string{`line 15, column 75 (/calls/list/pages/first): it must be a whole number, not negative`},
	},
	"pages from below": {
		document: "full", old: `"first": 1`, new: `"first": -1`,
		problems: []string{`line 15, column 75 (/calls/list/pages/first): it must be a whole number, not negative`},
	},
	"pages by a fixed parameter": {
		document: "full", old: `"view": "all"`, new: `"page": "1"`,
		problems: []string{`line 12, column 81 (/calls/list/query/page): pages.parameter sets this parameter`},
		beyond:   true,
	},
}
