package provider_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

func withProfile(t *testing.T, content []byte) map[string]string {
	t.Helper()
	return map[string]string{"TWCLOUD_API_PROFILE_FILE": writeFile(t, "canary-file.json", content)}
}

func TestCheckWrite(t *testing.T) {
	t.Parallel()
	newChecked(t).expectCheck(t.Context(), t, checkRun{write: true, without: "FAIL", want: []string{
		"registers one consumer, \"Terraform Prüfung ",
		"built-in", "ok    register       calls.register", `(key "key-`, "ok    read           calls.read", "ok    approve        calls.approve",
		"ok    disapprove     calls.disapprove", "ok    rename         calls.rename", "ok    set_secret     calls.set_secret",
		"ok    secret         the server accepts the new secret, and refuses the old one", "ok    remove         calls.remove",
		"ok    sign-out", "\n\nThe provider works with this server.\n",
	}})
}

func TestCheckWrite_dialects(t *testing.T) {
	t.Parallel()
	for _, name := range emulator.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, spoken := speak(t, name)
			h := newChecked(t, spoken)
			run := checkRun{
				environment: withProfile(t, content), without: "FAIL", want: []string{"API profile    from a file: ", "ok    sign-in", "status 200, application/", "ok    sign-out"},
			}
			dialect, err := emulator.Dialect(name)
			if err != nil {
				t.Fatal(err)
			}
			in := dialect.SignIn
			if in != nil { // A platform without a REST API.
				run.environment["TWCLOUD_ENDPOINT"] = ""
			}
			if in != nil && in.By == profile.ByToken {
				maps.Copy(run.environment, map[string]string{"TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": "", "TWCLOUD_TOKEN": "canary-token"})
			}
			h.expectCheck(t.Context(), t, run)
			run.write, run.want = true, append(run.want, "refuses the old one")
			h.expectCheck(t.Context(), t, run)
			if in != nil && h.server.SessionsOpened() > 0 {
				t.Error("a session of the REST API was opened")
			}
		})
	}
}

// matching says whether a request is the one that is meant.
type matching = func(emulator.Request) bool

func isCall(name string) matching {
	return func(r emulator.Request) bool { return r.Call == name }
}

// after matches requests once another one has come.
func after(trigger, which matching) matching {
	var seen atomic.Bool
	return func(r emulator.Request) bool {
		if seen.Load() {
			return which(r)
		}
		seen.Store(trigger(r))
		return false
	}
}

func TestCheckWrite_deviations(t *testing.T) {
	t.Parallel()
	unreadable := emulator.Fault{
		Kind: emulator.AnswerWith, Status: http.StatusOK, Body: `{"canary-consumer-0":{"key":"canary-key-0"}}`, Times: -1,
		Match: after(isCall("register"), isCall("list")),
	}
	lost := unreadable
	lost.Match = after(isCall("register"), isCall("list"))
	tests := map[string]struct {
		// server has the server deviate, besides the faults.
		server func(*emulator.Config)
		faults []emulator.Fault
		// works: the provider copes, so the check ends well.
		works bool
		// stays: the consumer cannot be removed, and must be named.
		stays bool
		want  []string
	}{
		"approval ignored": {server: withQuirk("approve-ignored"), want: []string{
			"FAIL  approve        calls.approve: the server said yes, but approved is false in place of true",
			"note  disapprove     not tried", "ok    rename", "not proven", "ok    remove",
		}},
		"name altered": {
			server: withQuirk("name-cut"),
			want: []string{
				`FAIL  register       calls.register: the server said yes, but the name is "Terrafo" in place of "Terraform Prüfung `, "ok    remove",
			},
		},
		"changed late": {
			server: withQuirk("change-very-late"),
			want:   []string{"FAIL  rename         calls.rename: the server said yes, but the name is \"Terraform Prüfung ", "and approved is true in place of false", "ok    remove"},
		},
		"PATCH answers 204": {
			server: speaking(func(p *profile.Profile) { p.Calls.Approve.Response = nil }),
			want:   []string{"FAIL  approve        calls.approve.response: the response cannot be read (status 204)", "ok    remove"},
		},
		"DELETE keeps it": {
			server: withQuirk("remove-lies"), stays: true,
			want: []string{"FAIL  remove         calls.remove: the server said yes, but the consumer still exists", `(key "key-1") may still exist`},
		},
		"listed after removal": {
			server: withQuirk("list-one-call-late"), want: []string{"FAIL  remove         calls.remove: the server said yes, but the list still has the consumer"},
		},
		"cannot be read": {server: withQuirk("read-404"), want: []string{"FAIL  read           calls.read: no such consumer (status 404)", "ok    remove"}},
		"approved by somebody": {
			faults: []emulator.Fault{{
				Kind: emulator.AnswerWith, Status: 200, Body: `{"key":"key-1","name":"canary","approved":"canary@example.com"}`, Match: isCall("read"), Times: -1,
			}},
			want: []string{"FAIL  read           approved: ", "it is a JSON string"},
		},
		"no key": {
			server: speaking(func(p *profile.Profile) { p.Calls.Register.Response = &profile.Shape{Format: "text"} }),
			want:   []string{"FAIL  register       calls.register.response: the response cannot be read (status 201)", "ok    register       calls.register: \"Terraform Prüfung ", "ok    remove"},
		},
		"key alone": {
			server: speaking(func(p *profile.Profile) {
				p.Calls.Register.Response = &profile.Shape{Key: p.Calls.Register.Response.Key}
			}),
			want: []string{"FAIL  register       calls.register.response.name: the response cannot be read", "its members are _links, createdOn, key", "ok    remove"},
		},
		"two in place of one": {server: withQuirk("register-twice"), works: true, want: []string{"note  remove         found \"Terraform Prüfung "}},
		"list unreadable after registration": {
			faults: []emulator.Fault{unreadable},
			want:   []string{"ok    register", "FAIL  register       calls.list.response.items: the response cannot be read", "ok    remove"},
		},
		"lost, and list unreadable": {
			faults: []emulator.Fault{lost, {Kind: emulator.DropAfter, Match: isCall("register")}}, stays: true,
			want: []string{"FAIL  register", "may have been registered", "the list cannot be read"},
		},
		"name refused": {
			faults: []emulator.Fault{{Kind: emulator.AnswerWith, Status: http.StatusBadRequest, Body: "canary-words", Match: isCall("register"), Times: -1}},
			want:   []string{"FAIL  register       calls.register: the server refused the input (status 400)", "note  register       the server may refuse the upper case"},
		},
		"rename refused": {
			faults: []emulator.Fault{{
				Kind: emulator.AnswerWith, Status: http.StatusBadRequest, Body: "canary-words: canary-consumer-0 exists", Match: isCall("rename"), Times: -1,
			}},
			want: []string{"FAIL  rename         calls.rename: the server refused the input (status 400)", "refuses the old one", "ok    remove"},
		},
		"no proof": {
			faults: []emulator.Fault{{Kind: emulator.InternalError500, PathSuffix: wire.RequestTokenPath, Times: -1}}, works: true,
			want: []string{"note  secret         not proven by a signature: ", "500", "ok    remove"},
		},
		"secret ignored": {
			server: withQuirk("change-ignores-secret"),
			want:   []string{"FAIL  secret         calls.set_secret: the server said yes, but it still accepts the old secret, and refuses the new one", "ok    remove"},
		},
		"secret of the registration ignored": {
			server: withQuirk("register-ignores-secret"), want: []string{"FAIL  secret         calls.register: the server said yes, but it refuses", "ok    remove"},
		},
		"refused and done": {
			server: withQuirk("register-409-but-done"),
			want:   []string{"FAIL  register       calls.register: ", "(status 409)", "note  remove         found \"Terraform Prüfung ", "ok    remove"},
		},
		"list lacks it": {
			server: withQuirk("list-empty"), want: []string{"FAIL  register       calls.list: the list does not have the consumer", "ok    remove"},
		},
		"approved from the start": {
			server: withQuirk("register-approves"), works: true, want: []string{"note  register       calls.register: the new consumer is approved from the start"},
		},
		"no such changes": {server: speaking(eachChange(func(call *profile.Call) { call.Method = http.MethodPut })), want: []string{
			"FAIL  approve        calls.approve: there is no such call (status 405)", "FAIL  rename         calls.rename",
			"FAIL  set_secret     calls.set_secret", "ok    remove",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, append(optional(test.server), withoutContract)...)
			h.server.Inject(test.faults...)
			run := checkRun{write: true, stays: test.stays, err: provider.ErrCheckFailed}
			end := `as the guide "When your server differs" shows.`
			if test.works {
				run.err, end = nil, "The provider works with this server."
			}
			run.want = append([]string{"ok    sign-out", end}, test.want...)
			h.expectCheck(t.Context(), t, run)
		})
	}
}

// A server that dies in the middle keeps the consumer, which is named.
func TestCheckWrite_serverDies(t *testing.T) {
	t.Parallel()
	for name, dies := range map[string]struct {
		when matching
		// last is what happens to that request. Zero: it is answered.
		last emulator.FaultKind
		want string
	}{
		"at the registration":    {isCall("register"), emulator.DropAfter, "FAIL  register"},
		"at the list afterwards": {isCall("register"), 0, "FAIL  register"},
		"at the approval":        {isCall("approve"), emulator.DropBefore, "FAIL  approve"},
		"after the renaming":     {isCall("rename"), emulator.DropAfter, "FAIL  rename"},
		"at the removal":         {isCall("remove"), emulator.DropBefore, "FAIL  remove"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			everything := func(emulator.Request) bool { return true }
			h.server.Inject(emulator.Fault{Kind: emulator.DropBefore, Server: emulator.REST, Times: -1, Match: after(dies.when, everything)})
			if dies.last != 0 {
				h.server.Inject(emulator.Fault{Kind: dies.last, Match: dies.when})
			}
			h.expectCheck(t.Context(), t, checkRun{
				write: true, err: provider.ErrCheckFailed, stays: true, dies: true,
				want: []string{dies.want, "FAIL  remove", "TWCloud Admin", "note  sign-out", "could not be reached", "fix what failed above"},
			})
		})
	}
}

// Whenever a check is interrupted, the consumer is removed and the session closed.
func TestCheckWrite_canceled(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]matching{
		"registration": isCall("register"),
		"approval":     isCall("approve"),
		"proof":        func(r emulator.Request) bool { return strings.HasSuffix(r.Path, "request_token") },
		"removal":      isCall("remove"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h := newChecked(t)
			h.server.SetOnRequest(func(r emulator.Request) {
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
		"another path":   {"TWCLOUD_API_PROFILE_FILE": writeFile(t, "profile.json", elsewhere(t, "/osmc/nowhere"))},
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
	for name, test := range map[string]struct {
		calls string
		stays bool
		want  []string
	}{
		"list alone": {want: []string{"does not have the calls register, approve, disapprove, rename, set_secret, remove: run"}},
		"no changes": {calls: registerCall + removeCall, want: []string{"note  approve        not in the profile", "note  rename         not in the profile", "ok    remove"}},
		"one change": {calls: registerCall + approveCall + removeCall, want: []string{"ok    approve        calls.approve", "note  disapprove     not in the profile", "ok    secret"}},
		"no removal": {calls: registerCall + approveCall, stays: true, want: []string{"yourself when the check has ended", "may still exist on the server", "note  remove"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newChecked(t).expectCheck(t.Context(), t, checkRun{
				write: true, environment: withProfile(t, profileWith(test.calls)), stays: test.stays,
				err: provider.ErrCheckIncomplete, without: "FAIL",
				want: append([]string{"from a file: A few calls\n", "run terraform-provider-twcloud learn"}, test.want...),
			})
		})
	}
}

// A server that changes names fails the check, whatever it changes in them.
func TestCheckWrite_changedNames(t *testing.T) {
	t.Parallel()
	for name, mangle := range map[string]func(string) string{
		"lower case":     strings.ToLower,
		"without blanks": func(name string) string { return strings.ReplaceAll(name, " ", "") },
		"ASCII alone":    func(name string) string { return strings.ReplaceAll(name, "ü", "?") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t)
			h.server.SetOnRequest(func(r emulator.Request) {
				if r.Method != http.MethodGet {
					return
				}
				for _, consumer := range h.server.Consumers() {
					h.server.UpdateConsumer(consumer.Key, func(c *emulator.Consumer) {
						if strings.Contains(c.Name, "Prüfung") {
							c.Name = mangle(c.Name)
						}
					})
				}
			})
			h.expectCheck(t.Context(), t, checkRun{write: true, err: provider.ErrCheckFailed, want: []string{"FAIL  register", "the server said yes, but the name is", "ok    remove"}})
		})
	}
}
