package emulator

import (
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// The document has what the emulator has, and says of all of it how it is known.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	parsed, err := document()
	if err != nil {
		t.Fatal(err)
	}
	s := New(t)
	emulated := map[string]bool{}
	for _, routes := range s.routes {
		for path, e := range routes {
			for method := range e.methods {
				emulated[method+" "+path] = !strings.HasPrefix(path, s.adminPagePath())
			}
		}
	}
	for method, path := range s.auth.Operations() {
		emulated[method+" "+path] = true
	}
	for _, described := range s.profile.Calls.All() {
		emulated[described.Method+" "+described.Path] = true
	}
	for path, item := range parsed.Paths.Map() {
		for method, operation := range item.Operations() {
			if known := operation.Extensions["x-provenance"]; known != "documented" && known != "seen" && known != "assumed" {
				t.Errorf("%s %s: x-provenance is %v", method, path, known)
			}
			if !emulated[method+" "+path] {
				t.Errorf("%s %s is not emulated", method, path)
			}
			delete(emulated, method+" "+path)
		}
	}
	for operation, wanted := range emulated {
		if wanted {
			t.Errorf("%s is not in the document", operation)
		}
	}
}

// TestContract_requests sends what a client must not send, and one request that
// is correct.
func TestContract_requests(t *testing.T) {
	t.Parallel()
	const path = wire.DefaultOAuthConsumersPath
	for name, test := range map[string]struct {
		method, path, contentType, body, violation string
	}{
		"good registration": {"POST", path, "application/json", `{"name":"a","secret":"canary"}`, ""},
		"good with charset": {"POST", path, "application/json; charset=utf-8", `{"name":"a","secret":"canary"}`, ""},
		"good update":       {"PATCH", path + "/a%2Fb", "application/json", `{"approved":true}`, ""},
		"good user":         {"GET", wire.CurrentUserPath + "?permission=true", "", "", ""},
		"unknown path":      {"GET", "/osmc/admin/elsewhere", "", "", "path is not in"},
		"unknown method":    {"PUT", path, "application/json", `{}`, "method is not in"},
		"unknown field":     {"POST", path, "application/json", `{"name":"a","secret":"canary","approved":true}`, "request"},
		"blank name":        {"POST", path, "application/json", `{"name":" ","secret":"canary"}`, "at /name: rule pattern"},
		"no secret":         {"POST", path, "application/json", `{"name":"a"}`, "at /secret: rule required"},
		"secret of number":  {"POST", path, "application/json", `{"name":"a","secret":["canary"]}`, "at /secret: rule type"},
		"null":              {"PATCH", path + "/a", "application/json", `{"name":null}`, "at /name: rule nullable"},
		"empty update":      {"PATCH", path + "/a", "application/json", `{}`, "rule minProperties"},
		"good edit":         {"PATCH", path + "/a", "application/json", `{"name":"a","secret":"canary"}`, ""},
		"two calls in one":  {"PATCH", path + "/a", "application/json", `{"name":"a","approved":true}`, "rule not"},
		"no content type":   {"POST", path, "", `{"name":"a","secret":"canary"}`, "Content-Type"},
		"no body":           {"POST", path, "application/json", ``, "required"},
		"body of a GET":     {"GET", path, "application/json", `{}`, "body not allowed"},
		"query":             {"GET", path + "?secret=canary", "", "", `parameter "secret"`},
		"password in query": {"POST", wire.LoginPath + "?username=canary&password=canary", "", "", "method is not in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(Config{ValidateContract: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			request, err := http.NewRequestWithContext(t.Context(), test.method, s.URL()+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			got := strings.Join(s.ContractViolations(), "\n")
			if !strings.Contains(got, test.violation) || (test.violation == "") != (got == "") || strings.Contains(got, "canary") {
				t.Errorf("got %q, want %q", got, test.violation)
			}
		})
	}
}

// TestContract_answers checks answers that the server must not give, and some
// that are correct.
func TestContract_answers(t *testing.T) {
	t.Parallel()
	const path = wire.DefaultOAuthConsumersPath
	const good = `{"key":"k","name":"n","approved":false,"unknown":1}`
	for name, test := range map[string]struct {
		method, path string
		status       int
		body         string
		good         bool
	}{
		"list":                 {"GET", path, 200, "[" + good + "]", true},
		"registered":           {"POST", path, 201, good, true},
		"key":                  {"POST", wire.RequestConsumerKeyPath, 200, `{"key":"k"}`, true},
		"key and secret":       {"POST", wire.RequestConsumerKeyPath, 200, `{"key":"k","secret":"canary"}`, false},
		"error":                {"GET", path, 401, `{"message":"m"}`, true},
		"error without body":   {"GET", path, 401, "", true},
		"secret":               {"GET", path, 200, `[{"key":"k","name":"n","approved":false,"secret":"canary"}]`, false},
		"no name":              {"GET", path, 200, `[{"key":"k","approved":false}]`, false},
		"no key":               {"GET", path, 200, `[{"key":"","name":"n","approved":false}]`, false},
		"approved is a string": {"GET", path, 200, `[{"key":"k","name":"n","approved":"yes"}]`, false},
		"approved at once":     {"POST", path, 201, `{"key":"k","name":"n","approved":true}`, false},
		"not a list":           {"GET", path, 200, good, false},
		"unknown status":       {"GET", path, 206, "[]", false},
		"unknown redirect":     {"GET", path, 307, "", false},
		"no Location":          {"GET", wire.CurrentUserPath, 307, "", false},
		"web page":             {"GET", path, 200, "<p>", false},
		"error of no message":  {"GET", path, 401, "{}", false},
		"login of no cookie":   {"GET", wire.LoginPath, 204, "", false},
		"204 with a body":      {"GET", wire.LogoutPath, 204, "x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := newContract()
			if err != nil {
				t.Fatal(err)
			}
			body := ""
			if test.method == "POST" {
				body = `{"name":"a","secret":"s"}`
			}
			request, err := http.NewRequestWithContext(t.Context(), test.method, "http://localhost"+test.path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			x := &exchange{part: REST, request: request, body: []byte(body), operation: test.path}
			given := newAnswer(test.status, "application/json", []byte(test.body))
			if strings.HasPrefix(test.body, "<") {
				given.header.Set("Content-Type", "text/html")
			}
			c.check(t.Context(), x, given, false)
			if got := c.violations; (len(got) == 0) != test.good || strings.Contains(strings.Join(got, ""), "canary") {
				t.Errorf("%q", got)
			}
			c.violations = nil
			c.check(t.Context(), x, given, true)
			if len(c.violations) != 0 {
				t.Errorf("under a fault: %q", c.violations)
			}
		})
	}
}
