package twcloud

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

// waysIn are ways to sign in on the platform: a dialect, and what is configured. Without
// credentials, it is what the dialect needs.
var waysIn = map[string]struct {
	dialect     string
	credentials Credentials
}{
	"one page":               {dialect: "wrapped"},
	"two pages":              {dialect: "client-kinds"},
	"a script":               {dialect: "result-codes"},
	"a page and a script":    {dialect: "redirects"},
	"another address":        {dialect: "put-all"},
	"a load balancer":        {dialect: "put-version"},
	"the token of a person":  {dialect: "rpc", credentials: Credentials{Token: emulator.AdminToken}},
	"a token of auth_secret": {"key-map", Credentials{Username: emulator.AdminName, Password: emulator.AdminPassword, ClientID: "twc-rest-api", AuthSecret: emulator.AuthSecret}},
	"a token for a page":     {"separate-patches", Credentials{Username: emulator.AdminName, Password: emulator.AdminPassword, ClientID: "twc-rest-api", AuthSecret: emulator.AuthSecret}},
	"a token of client_secret": {
		"json-ld", Credentials{Username: emulator.AdminName, Password: emulator.AdminPassword, ClientID: emulator.ClientID, ClientSecret: emulator.ClientSecret},
	},
}

// eachWayIn runs a test with a server, and with a client that has not signed in yet.
// Afterwards, the client must have signed out.
func eachWayIn(t *testing.T, test func(*testing.T, *emulator.Server, *Client), options ...func(*Options)) {
	t.Helper()
	for name, way := range waysIn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, spoken := newDialect(t, way.dialect)
			test(t, server, connect(t, server, append([]func(*Options){spoken, func(o *Options) {
				if way.credentials != (Credentials{}) {
					o.Credentials = way.credentials
				}
			}}, options...)...))
			if server.SessionsOpened() > 0 {
				t.Error("a session of the REST API was opened")
			}
		})
	}
}

// A session or a token that has ended is replaced in the middle of a run, and nothing is
// done twice.
func TestPlatform_expires(t *testing.T) {
	t.Parallel()
	eachWayIn(t, func(t *testing.T, server *emulator.Server, client *Client) {
		secret := testSecret
		for i, end := range []func(call string){
			func(string) {},
			func(string) { server.ExpireSessions() },
			func(string) { server.ExpireApplicationSessions() },
			func(call string) {
				server.Inject(emulator.Fault{Kind: emulator.Unauthorized401, Match: func(r emulator.Request) bool { return r.Call == call }})
			},
			func(call string) {
				server.Inject(emulator.Fault{Kind: emulator.Redirect302, Match: func(r emulator.Request) bool { return r.Call == call }})
			},
		} {
			end("register")
			registration, err := client.Register(t.Context(), "app", secret)
			if err != nil {
				t.Fatalf("register %d: %v", i, err)
			}
			if got := server.Consumers(); len(got) != 1 || got[0].Secret != secret {
				t.Fatalf("the server has %+v", got)
			}
			end("approve")
			if got, err := client.Update(t.Context(), registration.Consumer.Key, Changes{Approved: new(true), KnownSecret: &secret}); err != nil || !got.Approved {
				t.Errorf("approve %d: %v, %v", i, got, err)
			}
			end("list")
			if got, err := client.View().List(t.Context()); err != nil || len(got) != 1 {
				t.Errorf("list %d: %v, %v", i, got, err)
			}
			end("remove")
			if err := client.Remove(t.Context(), registration.Consumer.Key); err != nil || len(server.Consumers()) != 0 {
				t.Errorf("remove %d: %v", i, err)
			}
		}
		if pending := server.PendingFaults(); pending > 0 {
			t.Errorf("%d faults did not occur", pending)
		}
		if counts := server.PlatformCounts(); counts.FailedSignIns > 0 {
			t.Errorf("%+v", counts)
		}
	})
}

// Whatever is configured wrongly is tried once.
func TestPlatform_wrongCredentials(t *testing.T) {
	t.Parallel()
	wrong := func(o *Options) {
		if o.Credentials.Token != "" {
			o.Credentials.Token = "canary-wrong"
		} else {
			o.Credentials.Password = "canary-wrong"
		}
	}
	eachWayIn(t, func(t *testing.T, server *emulator.Server, client *Client) {
		for range 3 {
			if _, err := client.List(t.Context()); !errors.Is(err, ErrCredentials) || strings.Contains(err.Error(), "canary") {
				t.Errorf("list: %v", err)
			}
			if _, err := client.Register(t.Context(), "app", testSecret); !errors.Is(err, ErrCredentials) {
				t.Errorf("register: %v", err)
			}
		}
		tokens := slices.DeleteFunc(server.Requests(), func(r emulator.Request) bool { return r.Method != http.MethodPost || r.AuthorizationScheme == "" })
		if counts := server.PlatformCounts(); counts.FailedSignIns > 1 || len(tokens) > 2 || counts.SignIns > 0 {
			t.Errorf("%+v, %+v", counts, tokens)
		}
	}, wrong)
}

// Whichever response of a sign-in is lost, the client signs in, and leaves no session.
func TestPlatform_lostResponse(t *testing.T) {
	t.Parallel()
	for name, way := range waysIn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for nth, last := int64(1), false; !last; nth++ {
				server, spoken := newDialect(t, way.dialect)
				var count atomic.Int64
				cookieLost := false
				server.Inject(emulator.Fault{Kind: emulator.DropAfter, Match: func(r emulator.Request) bool {
					last = r.Call == "list"
					drop := r.Server == emulator.WebApp && count.Add(1) == nth
					cookieLost = cookieLost || drop && isSignIn(r)
					return drop
				}})
				client := connect(t, server, spoken, func(o *Options) {
					if way.credentials != (Credentials{}) {
						o.Credentials = way.credentials
					}
				})
				if _, err := client.List(t.Context()); err != nil {
					t.Errorf("without the response to request %d: %v", nth, err)
				}
				if err := client.Close(); err != nil || server.OpenPlatformSessions() > 0 && !cookieLost {
					t.Errorf("without the response to request %d: %v, %+v", nth, err, server.PlatformSessions())
				}
				server.ExpireSessions() // One whose cookie was lost ends when it is idle.
			}
		})
	}
}

// A sign-out is sent once, although it is answered with a redirect, and again if the
// session had ended and a redirect has opened another one.
func TestPlatform_signOutOfEndedSession(t *testing.T) {
	t.Parallel()
	for fault, times := range map[emulator.FaultKind]int{0: 1, emulator.Redirect302: 2, emulator.InternalError500: 2, emulator.DropBefore: 2} {
		server, spoken := newDialect(t, "absent-approval")
		client := connect(t, server, spoken)
		if _, err := client.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		isSignOut := func(r emulator.Request) bool { return r.Path == "/admin/logout" }
		if fault != 0 {
			server.Inject(emulator.Fault{Kind: fault, Match: isSignOut})
		}
		if err := client.Close(); err != nil || server.OpenPlatformSessions() > 0 {
			t.Errorf("%s: %v, %+v", fault, err, server.PlatformSessions())
		}
		sent := slices.DeleteFunc(server.Requests(), func(r emulator.Request) bool { return !isSignOut(r) })
		if len(sent) != times {
			t.Errorf("%s: %d sign-outs", fault, len(sent))
		}
	}
}

// isSignIn matches the requests with the credentials, and those after them.
func isSignIn(r emulator.Request) bool {
	return r.Server == emulator.WebApp && r.Method == http.MethodPost && strings.HasPrefix(r.Path, authserver.Prefix) && r.Call == ""
}

// The client signs out on every way out, also in the middle of the sign-in.
func TestPlatform_signsOut(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(cancel context.CancelFunc, client *Client) error{
		"closed": func(_ context.CancelFunc, client *Client) error {
			go func() { _ = client.Close() }()
			for closed := false; !closed; runtime.Gosched() {
				seat := &client.chain.platform.seat
				seat.mu.Lock()
				closed = seat.current != nil && errors.Is(seat.current.err, ErrClosed)
				seat.mu.Unlock()
			}
			return ErrClosed
		},
		"canceled": func(cancel context.CancelFunc, _ *Client) error {
			cancel()
			return ErrCanceled
		},
		"drained": func(_ context.CancelFunc, client *Client) error {
			client.Drain()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachWayIn(t, func(t *testing.T, server *emulator.Server, client *Client) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var once sync.Once
				left := make(chan error, 1)
				server.SetOnRequest(func(r emulator.Request) {
					if isSignIn(r) || r.Call == "list" {
						once.Do(func() {
							want := leave(cancel, client)
							if r.Call == "list" && errors.Is(want, ErrClosed) {
								want = nil // Calls in flight finish.
							}
							left <- want
						})
					}
				})
				_, err := client.List(ctx)
				if want := <-left; !errors.Is(err, want) && (want == nil || !errors.Is(err, ErrCanceled)) {
					t.Errorf("got %v, want %v", err, want)
				}
				if _, err := client.Register(t.Context(), "app", testSecret); name == "drained" && !errors.Is(err, ErrClosed) {
					t.Errorf("register after a drain: %v", err)
				}
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
