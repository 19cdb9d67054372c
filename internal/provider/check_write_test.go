package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func withProfile(t *testing.T, content []byte) map[string]string {
	t.Helper()
	return map[string]string{"TWCLOUD_API_PROFILE_FILE": writeFile(t, "canary-file.json", content)}
}

func TestCheckWrite(t *testing.T) {
	t.Parallel()
	newChecked(t).expectCheck(t.Context(), t, checkRun{write: true, without: "FAIL", want: []string{
		"registers one consumer, terraform-check-",
		"built-in", "ok    register       calls.register", `(key "key-`, "ok    read           calls.read", "ok    approve        calls.update",
		"ok    disapprove     calls.update", "ok    rename         calls.update", "ok    set_secret     calls.update",
		"ok    secret         the server accepts the new secret, and refuses the old one", "ok    remove         calls.remove",
		"ok    sign-out", "\n\nThe provider works with this server.\n",
	}})
}

func TestCheckWrite_dialects(t *testing.T) {
	t.Parallel()
	for _, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialect, err := twcloudtest.Dialect(name)
			if err != nil {
				t.Fatal(err)
			}
			content, err := twcloudtest.DialectJSON(name)
			if err != nil {
				t.Fatal(err)
			}
			h := newChecked(t, func(config *twcloudtest.Config) { config.Profile = dialect })
			run := checkRun{
				environment: withProfile(t, content), without: "FAIL", want: []string{"API profile    from a file: ", "status 200, application/"},
			}
			h.expectCheck(t.Context(), t, run)
			run.write, run.want = true, append(run.want, "refuses the old one")
			h.expectCheck(t.Context(), t, run)
		})
	}
}

// deviant answers requests in place of the server, next.
type deviant func(w http.ResponseWriter, r *http.Request, body string, next http.Handler)

// behind returns the environment of a server that deviates.
func (h *harness) behind(t *testing.T, deviates deviant) map[string]string {
	t.Helper()
	target, err := url.Parse(h.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	next := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(content))
		deviates(w, r, string(content), next)
	}))
	t.Cleanup(proxy.Close)
	return map[string]string{"TWCLOUD_ENDPOINT": proxy.URL}
}

// request says whether a request is the one that deviates.
type request func(r *http.Request, body string) bool

func isRegistration(r *http.Request, _ string) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, collection)
}

func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, collection)
}

func isRemoval(r *http.Request, _ string) bool { return r.Method == http.MethodDelete }

func changes(field string) request {
	return func(r *http.Request, body string) bool {
		return r.Method == http.MethodPatch && strings.Contains(body, `"`+field+`"`)
	}
}

// on has the server deviate in some requests.
func on(which request, deviates deviant) deviant {
	return func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
		if which(r, body) {
			deviates(w, r, body, next)
		} else {
			next.ServeHTTP(w, r)
		}
	}
}

// unreadableListAfter has the list in another form once a request has come, whose
// answer may be lost.
func unreadableListAfter(trigger request, lost bool) deviant {
	var seen atomic.Bool
	return func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
		switch {
		case seen.Load() && isList(r):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"canary-consumer-0":{"key":"canary-key-0"}}`)
		case trigger(r, body):
			seen.Store(true)
			if lost {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}
}

func TestCheckWrite_deviations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		deviates deviant
		// named is a deviation of the package of that name, in place of deviates.
		named string
		// works: the provider copes, so the check ends well.
		works bool
		// stays: the consumer cannot be removed, and must be named.
		stays bool
		want  []string
	}{
		"approval ignored": {named: "patch-ignores-approved", want: []string{
			"FAIL  approve        calls.update: the server said yes, but approved is false in place of true",
			"note  disapprove     not tried", "ok    rename", "not proven", "ok    remove",
		}},
		"name altered": {
			deviates: on(isRegistration, func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				r.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "terraform-check-", "TERRAFORM-CHECK-", 1)))
				next.ServeHTTP(w, r)
			}),
			want: []string{"FAIL  register       calls.register: the server said yes, but the name is \"TERRAFORM-CHECK-", "ok    remove"},
		},
		"PATCH answers 204": {
			named: "patch-204", works: true,
			want: []string{"note  approve        calls.update.success: the server answers with status 204", "ok    approve"},
		},
		"DELETE keeps it": {
			named: "delete-204-keeps", stays: true,
			want: []string{"FAIL  remove         calls.remove: the server said yes, but the consumer still exists", `(key "key-1") may still exist`},
		},
		"no key": {
			deviates: on(isRegistration, func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				recorder := httptest.NewRecorder()
				next.ServeHTTP(recorder, r)
				var registered map[string]any
				_ = json.Unmarshal(recorder.Body.Bytes(), &registered)
				registered["id"] = registered["key"]
				delete(registered, "key")
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusCreated)
				_ = json.NewEncoder(w).Encode(registered)
			}),
			works: true,
			want:  []string{"note  register       calls.register.answer.key: the answer cannot be read", "its members are _links, approved, createdOn, id, name"},
		},
		"list unreadable after registration": {
			deviates: unreadableListAfter(isRegistration, false),
			want:     []string{"ok    register", "FAIL  register       calls.list.answer.items: the answer cannot be read", "ok    remove"},
		},
		"lost, and list unreadable": {
			deviates: unreadableListAfter(isRegistration, true), stays: true,
			want: []string{"FAIL  register", "may have been registered", "the list cannot be read"},
		},
		"rename refused": {
			deviates: on(changes("name"), func(w http.ResponseWriter, _ *http.Request, _ string, _ http.Handler) {
				http.Error(w, "canary-words: canary-consumer-0 exists", http.StatusBadRequest)
			}),
			want: []string{"FAIL  rename         calls.update: the server refused the input (status 400)", "refuses the old one", "ok    remove"},
		},
		"secret ignored": {
			named: "patch-ignores-secret",
			want:  []string{"FAIL  secret         calls.update: the server said yes, but it still accepts the old secret, and refuses the new one", "ok    remove"},
		},
		"secret of the registration ignored": {
			named: "register-without-secret", want: []string{"FAIL  secret         calls.register: the server said yes, but it refuses", "ok    remove"},
		},
		"refused and done": {
			named: "register-409-but-done",
			want:  []string{"FAIL  register       calls.register: ", "(status 409)", "note  remove         found terraform-check-", "ok    remove"},
		},
		"list lacks it": {
			named: "list-empty-always", want: []string{"FAIL  register       calls.list: the list does not have the consumer", "ok    remove"},
		},
		"approved from the start": {
			named: "register-approves", works: true, want: []string{"note  register       calls.register: the new consumer is approved from the start"},
		},
		"no such changes": {named: "patch-405", want: []string{
			"FAIL  approve        calls.update: the server has no such call (status 405)", "FAIL  rename         calls.update",
			"FAIL  set_secret     calls.update", "ok    remove",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, withoutContract)
			run := checkRun{write: true, stays: test.stays, err: provider.ErrCheckFailed}
			end := `as the guide "When your server differs" shows.`
			if test.works {
				run.err, end = nil, "The provider works with this server."
			}
			run.want = append([]string{"ok    sign-out", end}, test.want...)
			if test.named != "" {
				run.environment = map[string]string{"TWCLOUD_ENDPOINT": h.deviating(t, test.named)}
			} else {
				run.environment = h.behind(t, test.deviates)
			}
			h.expectCheck(t.Context(), t, run)
		})
	}
}

// A server that dies in the middle keeps the consumer, which is named.
func TestCheckWrite_serverDies(t *testing.T) {
	t.Parallel()
	for name, dies := range map[string]struct {
		when request
		// done says that the request is carried out, and answered that the answer
		// arrives.
		done, answered bool
		want           string
	}{
		"at the registration":    {when: isRegistration, done: true, want: "FAIL  register"},
		"at the list afterwards": {when: isRegistration, done: true, answered: true, want: "FAIL  register"},
		"at the approval":        {when: changes("approved"), want: "FAIL  approve"},
		"after the renaming":     {when: changes("name"), done: true, want: "FAIL  rename"},
		"at the removal":         {when: isRemoval, want: "FAIL  remove"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			var dead atomic.Bool
			environment := h.behind(t, func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if dead.Load() {
					panic(http.ErrAbortHandler)
				}
				if !dies.when(r, body) {
					next.ServeHTTP(w, r)
					return
				}
				dead.Store(true)
				if dies.answered {
					next.ServeHTTP(w, r)
					return
				}
				if dies.done {
					next.ServeHTTP(httptest.NewRecorder(), r)
				}
				panic(http.ErrAbortHandler)
			})
			h.expectCheck(t.Context(), t, checkRun{
				write: true, environment: environment, err: provider.ErrCheckFailed, stays: true, dies: true,
				want: []string{dies.want, "FAIL  remove", "TWCloud Admin", "note  sign-out", "could not be reached", "fix what failed above"},
			})
		})
	}
}

// Whenever a check is interrupted, the consumer is removed and the session closed.
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
			h := newChecked(t)
			h.server.SetOnRequest(func(r twcloudtest.Request) {
				if when(r) {
					cancel()
				}
			})
			run := checkRun{write: true, want: []string{"ok    remove"}}
			if name != "removal" {
				run.err, run.want = provider.ErrCheckFailed, append(run.want, "canceled", "run it again")
			}
			h.expectCheck(ctx, t, run)
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
			newChecked(t).expectCheck(t.Context(), t, checkRun{
				write: true, out: &panicking{at: at}, err: provider.ErrCheckFailed, want: []string{"panicked", "ok    remove"},
			})
		})
	}
}

// What fails before the first change keeps the check from changing anything.
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
			newChecked(t, withoutContract).expectCheck(t.Context(), t, checkRun{
				write: true, environment: environment, err: provider.ErrCheckFailed, without: "ok    register",
			})
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
			newChecked(t).expectCheck(t.Context(), t, checkRun{
				write: true, environment: withProfile(t, []byte(start+test.calls+"}}")), stays: test.stays,
				err: provider.ErrCheckIncomplete, without: "FAIL",
				want: append([]string{"from a file: A few calls\n", "run terraform-provider-twcloud learn"}, test.want...),
			})
		})
	}
}
