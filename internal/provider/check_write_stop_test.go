package provider_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// A server that dies in the middle keeps the consumer, which is named.
func TestCheckWrite_serverDies(t *testing.T) {
	t.Parallel()
	for name, dies := range map[string]struct {
		when  func(*http.Request, string) bool
		after bool
		want  string
	}{
		"at the registration":    {when: func(r *http.Request, _ string) bool { return isRegistration(r) }, after: true, want: "FAIL  register"},
		"at the approval":        {when: func(r *http.Request, body string) bool { return isChange(r, body, "approved") }, want: "FAIL  approve"},
		"after the renaming":     {when: func(r *http.Request, body string) bool { return isChange(r, body, "name") }, after: true, want: "FAIL  rename"},
		"at the removal":         {when: func(r *http.Request, _ string) bool { return r.Method == http.MethodDelete }, want: "FAIL  remove"},
		"at the list afterwards": {when: func(r *http.Request, _ string) bool { return isRegistration(r) }, want: "FAIL  register"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			before := h.server.Consumers()
			var dead atomic.Bool
			report, err := h.checkWriting(t.Context(), h.behind(t, func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				switch {
				case dead.Load():
					panic(http.ErrAbortHandler)
				case !dies.when(r, body):
				case dies.after:
					dead.Store(true)
					otherwise(newDiscard(), r, next, http.StatusOK, nil)
					panic(http.ErrAbortHandler)
				case isRegistration(r):
					dead.Store(true)
				default:
					dead.Store(true)
					panic(http.ErrAbortHandler)
				}
				next.ServeHTTP(w, r)
			}))
			if !errors.Is(err, provider.ErrCheckFailed) {
				t.Errorf("error: %v", err)
			}
			for _, want := range []string{dies.want, "FAIL  remove", "TWCloud Admin", "note  sign-out", "could not be reached", "fix what failed above"} {
				if !strings.Contains(report, want) {
					t.Errorf("the report does not say %q", want)
				}
			}
			h.removeNamed(t, report)
			h.server.ExpireSessions()
			h.expectNothingLeft(t, report, before)
			if t.Failed() || testing.Verbose() {
				t.Log(report)
			}
		})
	}
}

type discard struct{ header http.Header }

func newDiscard() http.ResponseWriter { return discard{http.Header{}} }

func (d discard) Header() http.Header            { return d.header }
func (d discard) Write(text []byte) (int, error) { return len(text), nil }
func (d discard) WriteHeader(int)                {}

// Whenever it is interrupted, the consumer is removed and the session closed.
func TestCheckWrite_canceled(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]func(twcloudtest.Request) bool{
		"registration": func(r twcloudtest.Request) bool { return r.Call == "register" },
		"approval":     func(r twcloudtest.Request) bool { return r.Call == "update" },
		"proof":        func(r twcloudtest.Request) bool { return strings.HasSuffix(r.Path, "request_token") },
		"removal":      func(r twcloudtest.Request) bool { return r.Call == "remove" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h := newChecked(t, func(config *twcloudtest.Config) {
				config.OnRequest = func(r twcloudtest.Request) {
					if when(r) {
						cancel()
					}
				}
			})
			before := h.server.Consumers()
			report, err := h.checkWriting(ctx, nil)
			if name != "removal" && (!errors.Is(err, provider.ErrCheckFailed) || !strings.Contains(report, "canceled") || !strings.Contains(report, "run it again")) {
				t.Errorf("error: %v", err)
			}
			if !strings.Contains(report, "ok    remove") {
				t.Error("the report does not tell of the removal")
			}
			h.expectNothingLeft(t, report, before)
			if t.Failed() || testing.Verbose() {
				t.Log(report)
			}
		})
	}
}

// panicking panics once, when a text is written.
type panicking struct {
	strings.Builder
	at   string
	done bool
}

func (p *panicking) Write(text []byte) (int, error) {
	if strings.Contains(string(text), p.at) && !p.done {
		p.done = true
		panic("canary.example: canary-password")
	}
	return p.Builder.Write(text)
}

// A panic does not keep the check from removing the consumer and signing out.
func TestCheckWrite_panic(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"ok    register", "ok    rename", "ok    set_secret"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			before := h.server.Consumers()
			out := &panicking{at: at}
			err := h.checkTo(t.Context(), out, true, nil)
			if report := out.String(); !errors.Is(err, provider.ErrCheckFailed) || !strings.Contains(report, "panicked") || !strings.Contains(report, "ok    remove") {
				t.Errorf("error %v, report:\n%s", err, report)
			}
			h.expectNothingLeft(t, out.String(), before)
		})
	}
}

// What is wrong before anything is written keeps the check from writing.
func TestCheckWrite_notStarted(t *testing.T) {
	t.Parallel()
	for name, environment := range map[string]map[string]string{
		"wrong password": {"TWCLOUD_PASSWORD": "canary-password-wrong"},
		"no permission":  {"TWCLOUD_USERNAME": "canary-viewer"},
		"nothing set":    {"TWCLOUD_ENDPOINT": ""},
		"another path":   {"TWCLOUD_OAUTH_CONSUMERS_PATH": "/osmc/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, withoutContract)
			before := h.server.Consumers()
			report, err := h.checkWriting(t.Context(), environment)
			if !errors.Is(err, provider.ErrCheckFailed) || strings.Contains(report, "ok    register") {
				t.Errorf("error %v, report:\n%s", err, report)
			}
			h.expectNoTrace(t, report, err, before)
		})
	}
}

// What the profile lacks makes the check incomplete, and not failed.
func TestCheckWrite_incomplete(t *testing.T) {
	t.Parallel()
	const start = `{"profile":1,"server":"rest","description":"A few calls. And more.","approved":{"yes":[true],"no":[false]},"calls":{
"list":{"method":"GET","path":"/osmc/admin/oauthconsumers","success":[200],"answer":{"items":"","key":"/key","name":"/name","approved":"/approved"}}`
	const register = `,"register":{"method":"POST","path":"/osmc/admin/oauthconsumers","json":{"name":"{name}","secret":"{secret}"},"success":[201],"answer":{"key":"/key"}}`
	const approve = `,"approve":{"method":"PATCH","path":"/osmc/admin/oauthconsumers/{key}","json":{"approved":true},"success":[200]}`
	const remove = `,"remove":{"method":"DELETE","path":"/osmc/admin/oauthconsumers/{key}","success":[204]}`
	for name, test := range map[string]struct {
		calls string
		stays bool
		want  []string
	}{
		"list alone": {want: []string{"does not have the calls register, approve, disapprove, rename, set_secret, remove: run"}},
		"no changes": {calls: register + remove, want: []string{"note  approve        not in the profile", "note  rename         not in the profile", "ok    remove"}},
		"one change": {calls: register + approve + remove, want: []string{"ok    approve        calls.approve", "note  disapprove     not in the profile", "ok    secret"}},
		"no removal": {calls: register + approve, stays: true, want: []string{"yourself when the check has ended", "may still exist on the server", "note  remove"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			before := h.server.Consumers()
			environment := withProfile(t, []byte(start+test.calls+"}}"))
			report, err := h.checkWriting(t.Context(), environment)
			if !errors.Is(err, provider.ErrCheckIncomplete) || strings.Contains(report, "FAIL") {
				t.Errorf("error: %v", err)
			}
			h.expectReport(t, report, before, test.stays,
				append([]string{"from a file: A few calls\n", "run terraform-provider-twcloud learn"}, test.want...)...)
		})
	}
}
