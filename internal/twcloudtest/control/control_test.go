package control_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

// call sends a request to the API and returns status and body.
func call(t *testing.T, server *twcloudtest.Server, method, path, body string) (int, string) {
	t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Host = "localhost"
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	control.New(server, control.Options{}).ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func TestConsumers(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	for key, path := range map[string]string{
		"": "a", "a/b": "a%2Fb", "..": "%2E%2E", ".": "%2E", "ü %2F?#": "%C3%BC%20%252F%3F%23", "a//b": "a%2F%2Fb",
	} {
		encoded, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		addition := `{"key":` + string(encoded) + `,"name":"a","secret":"s"}`
		status, body := call(t, server, "POST", "/consumers", addition)
		var added twcloudtest.Consumer
		if err := json.Unmarshal([]byte(body), &added); err != nil || status != 200 || (key != "" && added.Key != key) || added.Key == "" || strings.Contains(body, "secret") {
			t.Fatalf("%q: %d %s", key, status, body)
		}
		if status, body := call(t, server, "PATCH", "/consumers/"+path, `{"name":"a","secret":"t","approved":true}`); status != 200 || strings.Contains(body, "secret") {
			t.Errorf("%q: %d %s", key, status, body)
		}
		if stored, _ := server.Consumer(added.Key); stored.Secret != "t" || !stored.Approved {
			t.Errorf("%q: %+v", key, stored)
		}
		for path, secret := range map[string]bool{"/consumers": false, "/consumers?secrets=true": true} {
			if _, body := call(t, server, "GET", path, ""); strings.Contains(body, `"secret": "t"`) != secret {
				t.Errorf("%s: %s", path, body)
			}
		}
		if key != "" {
			if status, _ := call(t, server, "POST", "/consumers", addition); status != 400 {
				t.Errorf("%q: added twice", key)
			}
		}
		for _, want := range []int{200, 404} {
			if status, body := call(t, server, "DELETE", "/consumers/"+path, ""); status != want {
				t.Errorf("%q: %d %s", key, status, body)
			}
		}
	}
}

func TestConsumers_refused(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	for _, key := range []string{"k", "l", "m"} {
		server.AddConsumer(twcloudtest.Consumer{Key: key, Name: "two", Secret: "s"})
	}
	server.UpdateConsumer("k", func(c *twcloudtest.Consumer) { c.Name = "one" })
	for _, test := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "/consumers", `{"name":" ","secret":"s"}`},
		{400, "POST", "/consumers", `{"name":"a"}`},
		{400, "POST", "/consumers", `{"nam":"a"}`},
		{400, "POST", "/consumers", `{} {}`},
		{400, "PATCH", "/consumers/k", `{"name":""}`},
		{400, "PATCH", "/consumers/k", `{"secret":""}`},
		{400, "PATCH", "/consumers/two", `{"name":"x"}`},
		{404, "PATCH", "/consumers/none", `{}`},
		{404, "DELETE", "/consumers/none", ``},
		{404, "GET", "/other", ``},
		{200, "PATCH", "/consumers/one", `{}`},
	} {
		if status, body := call(t, server, test.method, test.path, test.body); status != test.status {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, status, body)
		}
	}
	for _, consumer := range server.Consumers() {
		if consumer.Secret != "s" || (consumer.Name != "one" && consumer.Name != "two") {
			t.Errorf("%+v", consumer)
		}
	}
}

func TestRequestsSessionsAndFaults(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/osmc/login", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Token "+twcloudtest.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	for _, step := range []struct {
		status                   int
		method, path, body, want string
	}{
		{200, "GET", "/status", "", `"user": "admin"`},
		{200, "GET", "/status", "", `"logins": 1`},
		{204, "DELETE", "/sessions", "", ""},
		{200, "GET", "/status", "", `"sessions": []`},
		{200, "GET", "/requests", "", `"authorizationScheme": "Token"`},
		{204, "DELETE", "/requests", "", ""},
		{200, "GET", "/requests", "", "[]"},
		{204, "POST", "/faults", `{"kind":"half-body","times":3,"method":"post"}`, ""},
		{400, "POST", "/faults", `{"kind":"nonsense"}`, "nonsense"},
		{400, "POST", "/faults", `{"kind":"answer-with"}`, "status"},
		{400, "POST", "/faults", `{"kind":"hang","server":"other"}`, "rest or webapp"},
		{400, "POST", "/faults", `{}`, "kind"},
		{200, "GET", "/faults", "", `"pending": 1`},
		{204, "DELETE", "/faults", "", ""},
		{200, "GET", "/faults", "", `"pending": 0`},
	} {
		if status, body := call(t, server, step.method, step.path, step.body); status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", step.method, step.path, step.body, status, body, step.status, step.want)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	for name, test := range map[string]struct {
		method, target, host, contentType string
		header                            map[string]string
		remote                            bool
		status                            int
	}{
		"loopback":        {method: "GET", target: "/consumers", host: "127.0.0.1:8112", status: 200},
		"IPv6":            {method: "GET", target: "/consumers", host: "[::1]:8112", status: 200},
		"localhost":       {method: "GET", target: "/", host: "localhost", status: 200},
		"rebound":         {method: "GET", target: "/consumers", host: "evil.example:8112", status: 403},
		"looks like":      {method: "GET", target: "/consumers", host: "127.0.0.1.evil.example", status: 403},
		"remote":          {method: "GET", target: "/consumers", host: "box.example:8112", remote: true, status: 200},
		"own origin":      {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-origin"}, status: 204},
		"foreign origin":  {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Origin": "http://evil.example"}, status: 403},
		"other port":      {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Origin": "http://localhost:2"}, status: 403},
		"null origin":     {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Origin": "null"}, status: 403},
		"empty origin":    {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Origin": ""}, status: 403},
		"cross-site":      {method: "DELETE", target: "/sessions", host: "localhost:1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		"link elsewhere":  {method: "GET", target: "/page.js", host: "localhost:1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 200},
		"foreign, remote": {method: "GET", target: "/consumers", host: "box.example", remote: true, header: map[string]string{"Origin": "http://evil.example"}, status: 403},
		"form as JSON":    {method: "POST", target: "/consumers", host: "localhost:1", contentType: "text/plain", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(test.method, test.target, strings.NewReader(`{"name":"a","secret":"s"}`))
			request.Host = test.host
			for name, value := range test.header {
				request.Header.Set(name, value)
			}
			request.Header.Set("Content-Type", test.contentType)
			recorder := httptest.NewRecorder()
			control.New(server, control.Options{AllowRemote: test.remote}).ServeHTTP(recorder, request)
			if recorder.Code != test.status {
				t.Errorf("status %d, want %d: %s", recorder.Code, test.status, recorder.Body)
			}
			if _, err := io.Copy(io.Discard, recorder.Body); err != nil || len(server.Consumers()) != 0 {
				t.Errorf("a consumer was registered: %v", err)
			}
		})
	}
}
