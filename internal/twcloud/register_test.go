package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// TestRegisterExactlyOnce lets every fault befall the registration.
func TestRegisterExactlyOnce(t *testing.T) {
	t.Parallel()
	// Nothing was registered, and another try would meet with the same.
	refusals := map[twcloudtest.FaultKind]error{
		twcloudtest.InternalError500: ErrServer,
		twcloudtest.Forbidden403:     ErrForbidden,
		twcloudtest.WebPage:          ErrWebPage,
		twcloudtest.Redirect302:      ErrWebPage,
	}
	for _, kind := range twcloudtest.AllFaultKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t)
			client := connectWithTimeout(t, server)
			server.Inject(twcloudtest.Fault{Kind: kind, Method: http.MethodPost})
			registration, err := client.Register(t.Context(), "app", testSecret)
			consumers := server.Consumers()
			if refusal := refusals[kind]; refusal != nil {
				var uncertain *RegistrationError
				if !errors.Is(err, refusal) || errors.As(err, &uncertain) || registration.Consumer.Key != "" || len(consumers) != 0 {
					t.Errorf("got %v, %v, the server has %v", registration, err, consumers)
				}
				return
			}
			if err != nil || len(consumers) != 1 || len(registration.Strays) != 0 || registration.StraysUnknown != nil {
				t.Fatalf("got %v, %v, the server has %v", registration, err, consumers)
			}
			want := Consumer{Key: consumers[0].Key, Name: "app"}
			if registration.Consumer != want || consumers[0].Secret != testSecret {
				t.Errorf("got %v, the server has %v", registration.Consumer, consumers[0])
			}
			if got, err := client.Get(t.Context(), want.Key); err != nil || got != want {
				t.Errorf("get: got %v, %v", got, err)
			}
		})
	}
}

// scenario is a registration of "app" on a server where onPost is called at each
// POST, with its number, before it is handled.
type scenario struct {
	faults []twcloudtest.FaultKind // of the POSTs, in turn
	onPost func(server *twcloudtest.Server, number int, cancel context.CancelFunc)
	unique bool
	reads  twcloudtest.FaultKind // of every GET from the last POST on
	posts  int
	check  func(t *testing.T, registration Registration, err error, server *twcloudtest.Server)
}

func (s scenario) run(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.UniqueNames = s.unique })
	server.AddConsumer(twcloudtest.Consumer{Key: "other", Name: "other"})
	client := connect(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	posts := 0
	server.SetOnRequest(func(request twcloudtest.Request) {
		if request.Method != http.MethodPost {
			return
		}
		posts++
		if posts == s.posts && s.reads != 0 {
			server.Inject(twcloudtest.Fault{Kind: s.reads, Method: http.MethodGet, PathSuffix: collection, Times: -1})
		}
		if s.onPost != nil {
			s.onPost(server, posts, cancel)
		}
	})
	for _, kind := range s.faults {
		server.Inject(twcloudtest.Fault{Kind: kind, Method: http.MethodPost})
	}
	registration, err := client.Register(ctx, "app", testSecret)
	if posts != s.posts {
		t.Errorf("%d POSTs, want %d", posts, s.posts)
	}
	s.check(t, registration, err, server)

	// What is read after that is what stands on the server.
	server.ClearFaults()
	if listed, err := client.List(t.Context()); err != nil || len(listed) != len(server.Consumers()) {
		t.Errorf("listed %v, %v, the server has %v", listed, err, server.Consumers())
	}
}

func addApp(server *twcloudtest.Server, key string) {
	server.AddConsumer(twcloudtest.Consumer{Key: key, Name: "app", Secret: "somebody else's"})
}

// ours checks that a consumer is on the server with the secret, and that there are
// so many besides "other".
func ours(t *testing.T, server *twcloudtest.Server, registration Registration, err error, number int) {
	t.Helper()
	consumer, there := server.Consumer(registration.Consumer.Key)
	if err != nil || !there || consumer.Secret != testSecret || len(server.Consumers()) != 1+number {
		t.Errorf("got %v, %v, the server has %v", registration, err, server.Consumers())
	}
}

func TestRegisterWhenTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	const (
		lost    = twcloudtest.DropAfter
		dropped = twcloudtest.DropBefore
		gateway = twcloudtest.Status504Before
	)
	for name, test := range map[string]scenario{
		"lost again and again": {
			faults: []twcloudtest.FaultKind{dropped, gateway, dropped}, posts: 4,
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 1)
			},
		},
		"lost once too often": {
			faults: []twcloudtest.FaultKind{gateway, gateway, gateway, gateway}, posts: 4,
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				if !errors.Is(err, ErrServer) || registration.Consumer.Key != "" || len(server.Consumers()) != 1 {
					t.Errorf("got %v, %v", registration, err)
				}
			},
		},
		"several have appeared": {
			faults: []twcloudtest.FaultKind{lost}, posts: 1,
			onPost: func(server *twcloudtest.Server, _ int, _ context.CancelFunc) { addApp(server, "theirs") },
			check: func(t *testing.T, _ Registration, err error, server *twcloudtest.Server) {
				var uncertain *RegistrationError
				if !errors.As(err, &uncertain) || len(uncertain.Keys) != 2 || uncertain.Name != "app" || !errors.Is(err, ErrUnreachable) {
					t.Fatalf("got %v", err)
				}
				for _, consumer := range server.Consumers()[1:] {
					if !slices.Contains(uncertain.Keys, consumer.Key) || !strings.Contains(err.Error(), consumer.Key) {
						t.Errorf("%s is not in %v", consumer.Key, err)
					}
				}
				if theirs, _ := server.Consumer("theirs"); theirs.Secret == testSecret {
					t.Error("somebody else's secret was set")
				}
			},
		},
		"others have appeared, too": {
			faults: []twcloudtest.FaultKind{lost}, posts: 1,
			onPost: func(server *twcloudtest.Server, _ int, _ context.CancelFunc) {
				server.AddConsumer(twcloudtest.Consumer{Name: "another"})
			},
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 2)
			},
		},
		"nobody can look": {
			faults: []twcloudtest.FaultKind{lost}, posts: 1, reads: twcloudtest.InternalError500,
			check: func(t *testing.T, _ Registration, err error, _ *twcloudtest.Server) {
				var uncertain *RegistrationError
				if !errors.As(err, &uncertain) || uncertain.Keys != nil || !errors.Is(uncertain.Look, ErrServer) || !errors.Is(uncertain.Cause, ErrUnreachable) {
					t.Errorf("got %v", err)
				}
			},
		},
		"carried out late": {
			faults: []twcloudtest.FaultKind{gateway}, posts: 2,
			onPost: func(server *twcloudtest.Server, number int, _ context.CancelFunc) {
				if number == 2 {
					addApp(server, "late")
				}
			},
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 2)
				if len(registration.Strays) != 1 || registration.Strays[0].Key != "late" {
					t.Errorf("the strays are %v", registration.Strays)
				}
			},
		},
		"carried out late, names being unique": {
			faults: []twcloudtest.FaultKind{gateway}, posts: 2, unique: true,
			onPost: func(server *twcloudtest.Server, number int, _ context.CancelFunc) {
				if number == 2 {
					addApp(server, "late")
				}
			},
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 1)
			},
		},
		"nobody can look for strays": {
			faults: []twcloudtest.FaultKind{gateway}, posts: 2, reads: twcloudtest.Forbidden403,
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 1)
				if !errors.Is(registration.StraysUnknown, ErrForbidden) {
					t.Errorf("got %v", registration.StraysUnknown)
				}
			},
		},
		"cancelled in flight": {
			posts:  1,
			onPost: func(_ *twcloudtest.Server, _ int, cancel context.CancelFunc) { cancel() },
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 1)
			},
		},
		"cancelled in flight, and lost": {
			faults: []twcloudtest.FaultKind{lost}, posts: 1,
			onPost: func(_ *twcloudtest.Server, _ int, cancel context.CancelFunc) { cancel() },
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				ours(t, server, registration, err, 1)
			},
		},
		"cancelled in flight, and dropped": {
			faults: []twcloudtest.FaultKind{dropped}, posts: 1,
			onPost: func(_ *twcloudtest.Server, _ int, cancel context.CancelFunc) { cancel() },
			check: func(t *testing.T, registration Registration, err error, server *twcloudtest.Server) {
				if !errors.Is(err, ErrUnreachable) || registration.Consumer.Key != "" || len(server.Consumers()) != 1 {
					t.Errorf("got %v, %v", registration, err)
				}
			},
		},
	} {
		t.Run(name, test.run)
	}
}

// TestRegisterLooksAfterAHang: the call is canceled as soon as the request is out,
// no answer comes, and there is time to look all the same.
func TestRegisterLooksAfterAHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		consumers := `[]`
		server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
			switch request.Method {
			case http.MethodPost:
				consumers = `[{"key":"k","name":"app","approved":false}]`
				cancel()
				return hanging(request)
			case http.MethodPatch:
				return reply(http.StatusOK, strings.Trim(consumers, "[]")), nil
			}
			return reply(http.StatusOK, consumers), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = DefaultRetryWaitMin, DefaultRetryWaitMax })
		if registration, err := client.Register(ctx, "app", testSecret); err != nil || registration.Consumer.Key != "k" {
			t.Errorf("got %v, %v", registration, err)
		}
	})
}

func TestRegisterWhoseSecretIsUncertain(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server)
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.DropAfter, Method: http.MethodPost},
		twcloudtest.Fault{Kind: twcloudtest.InternalError500, Method: http.MethodPatch})
	registration, err := client.Register(t.Context(), "app", testSecret)
	if consumers := server.Consumers(); !errors.Is(err, ErrServer) || len(consumers) != 1 || registration.Consumer.Key != consumers[0].Key {
		t.Errorf("got %v, %v, the server has %v", registration, err, consumers)
	}
}

func TestRegisterTellsOfNamesakes(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	for key, name := range map[string]string{"a": "App", "b": " app ", "c": "app", "d": "apps"} {
		server.AddConsumer(twcloudtest.Consumer{Key: key, Name: name})
	}
	client := connect(t, server)
	registration, err := client.Register(t.Context(), "app", testSecret)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, namesake := range registration.Namesakes {
		keys = append(keys, namesake.Key)
	}
	if want := []string{"b", "a", "c"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
	now, err := client.Namesakes(t.Context(), "app")
	if err != nil || len(now) != 4 || len(sentTo(server, collection)) != 2 {
		t.Errorf("got %v, %v", now, err)
	}
}

// TestRegisterOneNameAtATime: whoever registers the same name, in the worst of
// times, gets a consumer of his own.
func TestRegisterOneNameAtATime(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server)
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.DropAfter, Method: http.MethodPost, Times: 4},
		twcloudtest.Fault{Kind: twcloudtest.Status502Before, Method: http.MethodPost, Times: 2})
	var group sync.WaitGroup
	var mu sync.Mutex
	keys := map[string]bool{}
	for i := range 12 {
		group.Go(func() {
			registration, err := client.Register(t.Context(), []string{"app", "APP", fmt.Sprint("app ", i)}[i%3], testSecret)
			if err != nil || len(registration.Strays) != 0 {
				t.Errorf("got %v, %v", registration, err)
			}
			mu.Lock()
			defer mu.Unlock()
			keys[registration.Consumer.Key] = true
		})
	}
	group.Wait()
	if len(keys) != 12 || len(server.Consumers()) != 12 {
		t.Errorf("%d keys for %d consumers", len(keys), len(server.Consumers()))
	}
	if len(client.names.locks) != 0 {
		t.Errorf("%d names are left", len(client.names.locks))
	}
}

func TestRegisterWaitsForTheNameNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server)
	unlock, err := client.names.lock(t.Context(), nameKey("app"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Register(ctx, "App", testSecret); !errors.Is(err, ErrCanceled) {
		t.Errorf("got %v", err)
	}
	unlock()
	if len(server.Requests()) != 0 || len(client.names.locks) != 0 {
		t.Errorf("sent %v, %d names are left", server.Requests(), len(client.names.locks))
	}
}

// The first registration is understood before others are sent.
func TestFirstRegistration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		kind    error
		key     string
		posts   int // of two registrations
	}{
		"understood":           {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, one("k")}}}, nil, "k", 2},
		"key alone, then read": {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, one("k")}}}, nil, "k", 2},
		"key alone, no more":   {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, `{"key":"k"}`}}}, ErrUnreadable, "k", 1},
		"not understood":       {fakeAnswers{"GET list": {{200, "[]"}, {200, `[{"id":"k"}]`}}, "POST list": {{201, `{"id":"k"}`}}}, ErrUnreadable, "", 1},
		"refused":              {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{409, ""}}}, ErrConflict, "", 2},
		"nothing of it":        {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{200, `{"error":"no"}`}}}, ErrUnreadable, "", 1},
		"said, not listed":     {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}}, ErrUnreadable, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t)
			registration, err := client.Register(t.Context(), "n", "s")
			if !errors.Is(err, test.kind) || test.kind == nil && err != nil || registration.Consumer.Key != test.key {
				t.Errorf("got %+v, %v", registration.Consumer, err)
			}
			_, second := client.Register(t.Context(), "m", "s")
			if refused := errors.Is(second, ErrNotUnderstood); refused != (test.posts == 1) && !errors.Is(second, test.kind) {
				t.Errorf("second: %v", second)
			}
			posts := 0
			for _, call := range sent() {
				if call == "POST list" {
					posts++
				}
			}
			if posts != test.posts {
				t.Errorf("%d registrations were sent, want %d", posts, test.posts)
			}
		})
	}
}

// A server that does not tell the key, by the profile's own word, is looked at.
func TestRegister_keyIsNotTold(t *testing.T) {
	t.Parallel()
	silent := func(p *profile.Profile) { p.Calls.Register.Answer = nil }
	client, _ := fakeAnswers{"GET list": {{200, "[]"}, {200, "[]"}, {200, consumersJSON("k")}}, "POST list": {{201, ""}}}.client(t, silent)
	registration, err := client.Register(t.Context(), "n", "s")
	if err != nil || registration.Consumer.Key != "k" {
		t.Errorf("got %+v, %v", registration.Consumer, err)
	}
	client, _ = fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}}.client(t, silent)
	var uncertain *RegistrationError
	if _, err := client.Register(t.Context(), "n", "s"); !errors.As(err, &uncertain) || !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), `"n"`) {
		t.Errorf("got %v", err)
	}
}

// Confirm asks once in a process, and finds a key that the server does not know.
func TestConfirm(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{"GET k": {{200, one("k")}}}.client(t)
	for range 2 {
		if err := client.Confirm(t.Context(), Consumer{Key: "k"}); err != nil {
			t.Error(err)
		}
	}
	if calls := sent(); len(calls) != 1 {
		t.Errorf("sent %v", calls)
	}
	client, _ = fakeAnswers{"GET list": {{200, consumersJSON("real")}}, "GET real": {{200, one("real")}}, "POST list": {{201, one("told")}}}.client(t)
	if _, err := client.Register(t.Context(), "n", "s"); err != nil {
		t.Fatal(err)
	}
	if err := client.Confirm(t.Context(), Consumer{Key: "told"}); !errors.Is(err, ErrKeyGone) || !strings.Contains(err.Error(), "does not know the key") {
		t.Errorf("got %v", err)
	}
}

// Whoever waits for the first one can give up.
func TestGate_canceled(t *testing.T) {
	t.Parallel()
	g := newGate()
	leave, first, err := g.enter(t.Context())
	if err != nil || !first {
		t.Fatal(first, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.enter(ctx); !errors.Is(err, ErrCanceled) {
		t.Errorf("got %v", err)
	}
	leave(nil)
	if _, first, err := g.enter(t.Context()); first || err != nil {
		t.Errorf("got %t, %v", first, err)
	}
}
