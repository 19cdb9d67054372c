package control_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

func start(t *testing.T) (*twcloudtest.Server, *control.Client) {
	t.Helper()
	server := twcloudtest.New(t)
	plane := httptest.NewServer(control.New(server, control.Options{}))
	t.Cleanup(plane.Close)
	return server, &control.Client{Address: strings.TrimPrefix(plane.URL, "http://"), HTTP: plane.Client()}
}

func ptr[T any](v T) *T { return &v }

func TestClient_consumers(t *testing.T) {
	t.Parallel()
	server, client := start(t)
	ctx := t.Context()
	for _, key := range []string{"", "a/b", "..", ".", "ü %2F?#", "a//b"} {
		added, err := client.Add(ctx, control.Consumer{Key: key, Name: "a", Secret: "s"})
		if err != nil || (key != "" && added.Key != key) || added.Key == "" || added.Approved || added.Secret != "" {
			t.Fatalf("%q: %+v, %v", key, added, err)
		}
		changed, err := client.Update(ctx, added.Key, control.Change{Name: ptr("b"), Secret: ptr("t"), Approved: ptr(true)})
		if err != nil || changed != (control.Consumer{Key: added.Key, Name: "b", Approved: true}) {
			t.Errorf("%q: %+v, %v", key, changed, err)
		}
		if stored, _ := server.Consumer(added.Key); stored.Secret != "t" {
			t.Errorf("%q: secret %q", key, stored.Secret)
		}
		for secrets, want := range map[bool]string{false: "", true: "t"} {
			if list, err := client.Consumers(ctx, secrets); err != nil || len(list) != 1 || list[0].Secret != want {
				t.Errorf("%q: %+v, %v", key, list, err)
			}
		}
		if _, err := client.Add(ctx, control.Consumer{Key: added.Key, Name: "a", Secret: "s"}); err == nil {
			t.Errorf("%q: added twice", key)
		}
		if err := client.Remove(ctx, added.Key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
		if err := client.Remove(ctx, added.Key); err == nil {
			t.Errorf("%q: removed twice", key)
		}
	}
	for _, c := range []control.Consumer{{Name: " ", Secret: "s"}, {Name: "a"}} {
		if _, err := client.Add(ctx, c); err == nil {
			t.Errorf("added %+v", c)
		}
	}
	key := server.AddConsumer(twcloudtest.Consumer{Name: "a", Secret: "s"}).Key
	for _, change := range []control.Change{{Name: ptr("")}, {Secret: ptr("")}} {
		if _, err := client.Update(ctx, key, change); err == nil {
			t.Errorf("changed to %+v", change)
		}
	}
	if _, err := client.Update(ctx, "unknown", control.Change{}); err == nil {
		t.Error("changed what is not there")
	}
}

func TestClient_theRest(t *testing.T) {
	t.Parallel()
	server, client := start(t)
	ctx := t.Context()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL()+"/osmc/login", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Token "+twcloudtest.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	sessions, err := client.Sessions(ctx)
	if err != nil || len(sessions.Open) != 1 || sessions.Open[0].User != "admin" || sessions.Logins != 1 {
		t.Errorf("%+v, %v", sessions, err)
	}
	if err := client.ExpireSessions(ctx); err != nil || server.OpenSessions() != 0 {
		t.Errorf("%d sessions, %v", server.OpenSessions(), err)
	}
	requests, err := client.Requests(ctx)
	if err != nil || len(requests) != 1 || requests[0].Path != "/osmc/login" || requests[0].AuthorizationScheme != "Token" {
		t.Errorf("%+v, %v", requests, err)
	}
	if err := client.ResetRequests(ctx); err != nil || len(server.Requests()) != 0 {
		t.Errorf("%d requests, %v", len(server.Requests()), err)
	}
	if err := client.Inject(ctx, control.Fault{Kind: "half-body", Times: 3}); err != nil {
		t.Error(err)
	}
	for _, fault := range []control.Fault{{Kind: "nonsense"}, {Kind: "answer-with"}, {Kind: "hang", Server: "other"}} {
		if client.Inject(ctx, fault) == nil {
			t.Errorf("injected %+v", fault)
		}
	}
	if faults, err := client.Faults(ctx); err != nil || faults.Pending != 1 || len(faults.Kinds) != 23 {
		t.Errorf("%+v, %v", faults, err)
	}
	if err := client.ClearFaults(ctx); err != nil || server.PendingFaults() != 0 {
		t.Error(err)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	for name, test := range map[string]struct {
		method, target, host, contentType, body string
		header                                  map[string]string
		remote                                  bool
		status                                  int
	}{
		"loopback":          {method: "GET", target: "/consumers", host: "127.0.0.1:8112", status: 200},
		"IPv6":              {method: "GET", target: "/consumers", host: "[::1]:8112", status: 200},
		"localhost":         {method: "GET", target: "/", host: "localhost", status: 200},
		"rebound":           {method: "GET", target: "/consumers", host: "evil.example:8112", status: 403},
		"looks like":        {method: "GET", target: "/consumers", host: "127.0.0.1.evil.example", status: 403},
		"remote":            {method: "GET", target: "/consumers", host: "box.example:8112", remote: true, status: 200},
		"own origin":        {method: "POST", target: "/page/expire", host: "localhost:1", header: map[string]string{"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-origin"}, status: 303},
		"foreign origin":    {method: "POST", target: "/page/expire", host: "localhost:1", header: map[string]string{"Origin": "http://evil.example"}, status: 403},
		"other port":        {method: "POST", target: "/page/expire", host: "localhost:1", header: map[string]string{"Origin": "http://localhost:2"}, status: 403},
		"null origin":       {method: "POST", target: "/page/expire", host: "localhost:1", header: map[string]string{"Origin": "null"}, status: 403},
		"empty origin":      {method: "POST", target: "/page/expire", host: "localhost:1", header: map[string]string{"Origin": ""}, status: 403},
		"cross-site":        {method: "POST", target: "/sessions/expire", host: "localhost:1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		"link elsewhere":    {method: "GET", target: "/", host: "localhost:1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 200},
		"foreign, remote":   {method: "GET", target: "/consumers", host: "box.example", remote: true, header: map[string]string{"Origin": "http://evil.example"}, status: 403},
		"form as JSON":      {method: "POST", target: "/consumers", host: "localhost:1", contentType: "text/plain", body: `{"name":"a","secret":"s"}`, status: 415},
		"unknown field":     {method: "POST", target: "/consumers", host: "localhost:1", contentType: "application/json", body: `{"nam":"a"}`, status: 400},
		"two values":        {method: "POST", target: "/consumers", host: "localhost:1", contentType: "application/json", body: `{} {}`, status: 400},
		"unknown path":      {method: "GET", target: "/other", host: "localhost:1", status: 404},
		"no such consumer":  {method: "GET", target: "/consumers/x", host: "localhost:1", status: 404},
		"page of no action": {method: "POST", target: "/page/nothing", host: "localhost:1", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			request.Host = test.host
			for name, value := range test.header {
				request.Header.Set(name, value)
			}
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			recorder := httptest.NewRecorder()
			control.New(server, control.Options{AllowRemote: test.remote}).ServeHTTP(recorder, request)
			if recorder.Code != test.status {
				t.Errorf("status %d, want %d: %s", recorder.Code, test.status, recorder.Body)
			}
		})
	}
	if len(server.Consumers()) != 0 {
		t.Error("a consumer has got through")
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	server, client := start(t)
	root := "http://" + client.Address
	post := func(action string, form url.Values) (*http.Response, string) {
		t.Helper()
		response, err := client.HTTP.PostForm(root+"/page/"+action, form)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var page bytes.Buffer
		if _, err := io.Copy(&page, response.Body); err != nil {
			t.Fatal(err)
		}
		return response, page.String()
	}
	_, page := post("register", url.Values{"name": {"<b>Jama</b>"}, "secret": {"canary-1"}, "secret2": {"canary-1"}})
	consumer := server.Consumers()[0]
	if !strings.Contains(page, "&lt;b&gt;Jama") || !strings.Contains(page, `class="disapproved"`) || consumer.Secret != "canary-1" {
		t.Errorf("%+v in %s", consumer, page)
	}
	key := url.Values{"key": {consumer.Key}}
	for _, step := range []struct {
		action string
		form   url.Values
		want   twcloudtest.Consumer
	}{
		{"approve", key, twcloudtest.Consumer{Key: consumer.Key, Name: "<b>Jama</b>", Secret: "canary-1", Approved: true}},
		{"edit", url.Values{"key": {consumer.Key}, "name": {"Polarion"}, "secret": {""}}, twcloudtest.Consumer{Key: consumer.Key, Name: "Polarion", Secret: "canary-1", Approved: true}},
		{"edit", url.Values{"key": {consumer.Key}, "name": {"Polarion"}, "secret": {"canary-2"}}, twcloudtest.Consumer{Key: consumer.Key, Name: "Polarion", Secret: "canary-2", Approved: true}},
		{"disapprove", key, twcloudtest.Consumer{Key: consumer.Key, Name: "Polarion", Secret: "canary-2"}},
	} {
		response, page := post(step.action, step.form)
		got, _ := server.Consumer(consumer.Key)
		if response.StatusCode != 200 || got != step.want || strings.Contains(page, "canary") {
			t.Errorf("%s: %s, %+v", step.action, response.Status, got)
		}
	}
	for action, form := range map[string]url.Values{
		"register": {"name": {"a"}, "secret": {"canary-1"}, "secret2": {"canary-2"}},
		"edit":     {"key": {consumer.Key}, "name": {" "}},
		"approve":  {"key": {"unknown"}},
		"remove":   {"key": {"unknown"}},
		"fault":    {"kind": {"nonsense"}},
	} {
		if response, page := post(action, form); response.StatusCode != 400 || !strings.Contains(page, `role="alert"`) || strings.Contains(page, "canary") {
			t.Errorf("%s: %s", action, response.Status)
		}
	}
	post("fault", url.Values{"kind": {"half-body"}})
	if server.PendingFaults() != 1 {
		t.Error("no fault")
	}
	post("clear-faults", nil)
	post("remove", key)
	if server.PendingFaults() != 0 || len(server.Consumers()) != 0 {
		t.Error("something is left")
	}
}
