package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/control"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	for _, consumer := range []emulator.Consumer{
		{Key: "a/b", Name: "slash"}, {Key: "..", Name: "dots"}, {Key: "ü %2F?#", Name: "escaped"}, {Key: "k", Name: "two"}, {Key: "l", Name: "two"},
	} {
		consumer.Secret = "canary"
		server.AddConsumer(consumer)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/osmc/login", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Token "+emulator.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/consumers", `{"name":"new","secret":"canary"}`, 200, `"approved": false`},
		{"POST", "/consumers", `{"name":"approved","secret":"canary","approved":true}`, 200, `"approved": true`},
		{"POST", "/consumers", `{"name":"chosen","secret":"canary","key":"chosen-key"}`, 200, `"key": "chosen-key"`},
		{"POST", "/consumers", `{"name":"again","secret":"canary","key":"chosen-key"}`, 400, "already"},
		{"PATCH", "/consumers/chosen", `{"key":"other"}`, 400, "cannot be changed"},
		{"POST", "/consumers", `{"name":" ","secret":"canary"}`, 400, "blank"},
		{"POST", "/consumers", `{"name":"a"}`, 400, "required"},
		{"POST", "/consumers", `{"nam":"a"}`, 400, "malformed"},
		{"PATCH", "/consumers/a%2Fb", `{"approved":true}`, 200, `"key": "a/b"`},
		{"PATCH", "/consumers/%2E%2E", `{"name":"changed"}`, 200, `"key": ".."`},
		{"PATCH", "/consumers/changed", `{"secret":"canary-2"}`, 200, `"key": ".."`},
		{"PATCH", "/consumers/k", `{"name":""}`, 400, "blank"},
		{"PATCH", "/consumers/k", `{"secret":""}`, 400, "empty"},
		{"PATCH", "/consumers/two", `{"name":"x"}`, 400, "k, l"},
		{"PATCH", "/consumers/none", `{}`, 404, `no consumer`},
		{"GET", "/consumers", "", 200, `"name": "slash",`},
		{"DELETE", "/consumers/%C3%BC%20%252F%3F%23", "", 200, "escaped"},
		{"DELETE", "/consumers/escaped", "", 404, "no consumer"},
		{"GET", "/other", "", 404, ""},
		{"GET", "/page.js", "", 200, "fetch("},

		{"GET", "/status", "", 200, `"user": "admin"`},
		{"GET", "/status", "", 200, `"logins": 1`},
		{"GET", "/status", "", 200, `"platformSessions": []`},
		{"GET", "/status", "", 200, `"failedSignIns": 0`},
		{"DELETE", "/sessions/applications", "", 204, ""},
		{"GET", "/status", "", 200, `"user": "admin"`},
		{"DELETE", "/sessions", "", 204, ""},
		{"GET", "/status", "", 200, `"sessions": []`},
		{"GET", "/requests", "", 200, `"authorizationScheme": "Token"`},
		{"DELETE", "/requests", "", 204, ""},
		{"GET", "/requests", "", 200, "[]"},
		{"POST", "/faults", `{"kind":"half-body","times":3,"method":"post"}`, 204, ""},
		{"POST", "/faults", `{"kind":"nonsense"}`, 400, "drop-before"},
		{"POST", "/faults", `{"kind":"answer-with"}`, 400, "status"},
		{"POST", "/faults", `{"kind":"hang","server":"other"}`, 400, "rest or webapp"},
		{"POST", "/faults", `{}`, 400, "kind"},
		{"GET", "/status", "", 200, `"pendingFaults": 1`},
		{"DELETE", "/faults", "", 204, ""},
		{"GET", "/status", "", 200, `"pendingFaults": 0`},
	} {
		request := httptest.NewRequest(step.method, step.path, strings.NewReader(step.body))
		request.Host = "localhost"
		recorder := httptest.NewRecorder()
		control.New(server).ServeHTTP(recorder, request)
		if body := recorder.Body.String(); recorder.Code != step.status || !strings.Contains(body, step.want) || strings.Contains(body, "canary") {
			t.Errorf("%s %s %s: %d %s, want %d %s", step.method, step.path, step.body, recorder.Code, body, step.status, step.want)
		}
	}
	dots, _ := server.Consumer("..")
	slash, _ := server.Consumer("a/b")
	if dots != (emulator.Consumer{Key: "..", Name: "changed", Secret: "canary-2"}) || !slash.Approved || len(server.Consumers()) != 7 {
		t.Errorf("%+v", server.Consumers())
	}
}

// Web pages of other sites can neither read nor change anything.
func TestNew_otherSites(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	for name, test := range map[string]struct {
		method, target, host string
		header               [2]string
		status               int
	}{
		"loopback":       {method: "GET", target: "/consumers", host: "127.0.0.1:8112", status: 200},
		"IPv6":           {method: "GET", target: "/consumers", host: "[::1]:8112", status: 200},
		"localhost":      {method: "GET", target: "/", host: "localhost", status: 200},
		"rebound":        {method: "GET", target: "/consumers", host: "evil.example:8112", status: 403},
		"looks like":     {method: "GET", target: "/consumers", host: "127.0.0.1.evil.example", status: 403},
		"own origin":     {method: "DELETE", target: "/sessions", host: "localhost:1", header: [2]string{"Origin", "http://localhost:1"}, status: 204},
		"same origin":    {method: "DELETE", target: "/sessions", host: "localhost:1", header: [2]string{"Sec-Fetch-Site", "same-origin"}, status: 204},
		"foreign origin": {method: "POST", target: "/consumers", host: "localhost:1", header: [2]string{"Origin", "http://evil.example"}, status: 403},
		"other port":     {method: "POST", target: "/consumers", host: "localhost:1", header: [2]string{"Origin", "http://localhost:2"}, status: 403},
		"null origin":    {method: "POST", target: "/consumers", host: "localhost:1", header: [2]string{"Origin", "null"}, status: 403},
		"cross-site":     {method: "POST", target: "/consumers", host: "localhost:1", header: [2]string{"Sec-Fetch-Site", "cross-site"}, status: 403},
		"link elsewhere": {method: "GET", target: "/page.js", host: "localhost:1", header: [2]string{"Sec-Fetch-Site", "cross-site"}, status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(test.method, test.target, strings.NewReader(`{"name":"a","secret":"s"}`))
			request.Host = test.host
			if test.header[0] != "" {
				request.Header.Set(test.header[0], test.header[1])
			}
			recorder := httptest.NewRecorder()
			control.New(server).ServeHTTP(recorder, request)
			if recorder.Code != test.status || len(server.Consumers()) != 0 {
				t.Errorf("status %d, want %d: %s", recorder.Code, test.status, recorder.Body)
			}
		})
	}
}
