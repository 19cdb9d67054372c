package learn

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// object is a JSON object of a recording.
type object = map[string]any

// request is one request of a synthetic recording, with its response. Headers are
// lines of the form "Name: value".
type request struct {
	method, path, body string
	status             int
	answer             string
	headers            string
	answerHeaders      string
	apart              bool // the recording has the body in a file of its own
}

const testOrigin = "https://canary-host.example:8111"

// browser is how a browser writes a HAR file.
type browser struct {
	name     string
	stripped bool // without cookies and credentials
	members  bool // forms have members and no text
	base64   bool // answers are base64
}

var browsers = []browser{{name: "chromium"}, {name: "chromium, stripped", stripped: true}, {name: "firefox", base64: true}, {name: "safari", members: true}}

// write writes a recording as the browser does.
func (b browser) write(t testing.TB, requests []request) []byte {
	t.Helper()
	var entries []object
	for i, r := range requests {
		entries = append(entries, b.entry(i, r))
	}
	content, err := json.Marshal(object{"log": object{"version": "1.2", "creator": object{"name": b.name}, "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (b browser) entry(i int, r request) object {
	target := r.path
	if strings.HasPrefix(target, "/") {
		target = testOrigin + target
	}
	sent := object{"method": r.method, "url": target, "headers": b.headers(r.headers), "bodySize": len(r.body)}
	if r.body != "" {
		data := object{"mimeType": typeOf(r.body), "text": r.body}
		if b.members && data["mimeType"] == formType {
			data = object{"mimeType": formType, "params": parseForm(r.body)}
		}
		if r.apart {
			data = object{"mimeType": typeOf(r.body), "_file": "x.json"}
		}
		sent["postData"] = data
	}
	content := object{"size": len(r.answer), "mimeType": typeOf(r.answer), "text": r.answer}
	if _, rest, found := strings.Cut(r.answerHeaders, "Content-Type: "); found {
		content["mimeType"], _, _ = strings.Cut(rest, "\n")
	}
	if b.base64 {
		content["text"], content["encoding"] = base64.StdEncoding.EncodeToString([]byte(r.answer)), "base64"
	}
	return object{
		"startedDateTime": time.Date(2026, 1, 2, 3, 4, 0, i*int(time.Millisecond), time.UTC).Format(time.RFC3339Nano),
		"request":         sent,
		"response":        object{"status": r.status, "headers": b.headers(r.answerHeaders), "content": content},
	}
}

func (b browser) headers(lines string) (headers []har.Pair) {
	for line := range strings.SplitSeq(lines, "\n") {
		name, value, found := strings.Cut(line, ": ")
		hidden := b.stripped && slices.Contains([]string{"Cookie", "Set-Cookie", "Authorization"}, name)
		if found && !hidden {
			headers = append(headers, har.Pair{Name: name, Value: value})
		}
	}
	return headers
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8"

func typeOf(body string) string {
	switch {
	case strings.HasPrefix(body, "<html"):
		return "text/html; charset=utf-8"
	case strings.HasPrefix(body, "--"):
		return "multipart/form-data; boundary=x"
	case strings.HasPrefix(body, "{") || strings.HasPrefix(body, "["):
		return "application/json"
	case strings.Contains(body, "="):
		return formType
	}
	return "text/plain"
}

// withNoise puts a sign-in, 300 other requests, preflights, cached and failed
// ones around and between the requests.
func withNoise(requests []request) []request {
	noisy := []request{
		{method: "GET", path: "/osmc/login", status: 204, headers: "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("canary-user:canary-password")), answerHeaders: "Set-Cookie: session=canary-session-1f3a09b7c2; Path=/osmc"},
		{method: "POST", path: "https://sso.canary-idp.example/login", body: "username=canary-user&password=canary-password", status: 302, answerHeaders: "Location: https://canary-host.example:8111/?code=canary-code-77a1"},
		{method: "GET", path: "/osmc/admin/currentUser", status: 200, answer: `{"username": "canary-user", "token": "canary-token-9931"}`},
	}
	for i := range 150 {
		noisy = append(noisy, request{method: "GET", path: fmt.Sprintf("/static/chunk-%d.js", i), status: 200, answer: "var twcloud"})
	}
	for _, r := range requests {
		if r.method != "GET" {
			noisy = append(noisy, request{method: "OPTIONS", path: r.path, status: 204})
		}
		noisy = append(noisy, r)
		if r.method == "GET" { // Nothing has changed since.
			noisy = append(noisy, request{method: r.method, path: r.path, status: 304})
		}
		noisy = append(noisy,
			request{method: "GET", path: "/osmc/notifications?since=1767323040000", status: 200, answer: `{"notifications": [], "count": 0}`},
			request{method: "GET", path: "/osmc/logo.svg", status: 304},
			request{method: "GET", path: "https://metrics.canary-idp.example/p?d=canary", status: 0})
	}
	for i := range 150 {
		noisy = append(noisy, request{method: "GET", path: fmt.Sprintf("/osmc/icons/%d.png", i), status: 200})
	}
	return noisy
}

// shape is an API: the list, and the requests of the steps. The list is loaded
// first and after each step.
type shape struct {
	list   request // its response has a %s for the items
	item   func(name string, approved bool) string
	others string // items of other consumers
	steps  []request
	before []request
}

const (
	testKey  = "k3y-Of-The-Consumer"
	otherKey = "0ther-canary-key"
)

func (s *shape) requests() []request {
	listed := func(item string) request {
		r := s.list
		items := s.others
		if item != "" {
			items += "," + item
		}
		r.answer = fmt.Sprintf(r.answer, strings.TrimPrefix(items, ","))
		return r
	}
	all := append(slices.Clone(s.before), listed(""))
	name, done := firstName, 0
	for i, step := range s.steps {
		all = append(all, step)
		if step.status >= 400 {
			continue
		}
		if !strings.Contains(step.path, "audit") {
			done++
		}
		if strings.Contains(step.body+step.path, secondName) {
			name = secondName
		}
		item := ""
		if i < len(s.steps)-1 {
			item = s.item(name, done == 2 || done >= 4)
		}
		all = append(all, listed(item))
	}
	return all
}
