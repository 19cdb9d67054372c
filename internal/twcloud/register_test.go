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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// With any fault, in any dialect, a registration either fails and leaves no
// consumer, or creates exactly one, whose key the caller gets.
func TestRegisterExactlyOnce(t *testing.T) {
	t.Parallel()
	// Nothing was registered, and another try would have the same outcome.
	refusals := map[emulator.FaultKind]error{
		emulator.InternalError500: ErrServer,
		emulator.Forbidden403:     ErrForbidden,
		emulator.WebPage:          ErrWebPage,
		emulator.Redirect302:      ErrWebPage,
	}
	for _, kind := range emulator.AllFaultKinds() {
		if kind == emulator.Hang || kind == emulator.HangAfter {
			continue // TestRegisterLooksAfterAHang has them.
		}
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			eachDialect(t, func(t *testing.T, server *emulator.Server, client *Client) {
				times := 1
				if kind == emulator.Forbidden403 && client.Profile().CSRF != nil {
					times = 2 // The first one may be due to an old token.
				}
				server.Inject(emulator.Fault{Kind: kind, Times: times, Match: func(r emulator.Request) bool { return r.Call == "register" }})
				registration, err := client.Register(t.Context(), "app", testSecret)
				consumers := server.Consumers()
				if kind == emulator.Redirect302 && slices.Contains(client.Profile().Calls.Register.Success, http.StatusFound) {
					// The server has said yes.
					if err == nil || len(consumers) != 0 {
						t.Errorf("got %v, %v, the server has %v", registration, err, consumers)
					}
					return
				}
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
		})
	}
}

// The registrations are of "app", on a server that has another consumer.
func TestRegisterWhenTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	const (
		lost    = emulator.DropAfter
		dropped = emulator.DropBefore
		gateway = emulator.Status504Before
	)
	theirs := emulator.Consumer{Key: "theirs", Name: "app", Secret: "somebody else's"}
	for name, test := range map[string]struct {
		faults    []emulator.FaultKind // of the POSTs, in turn
		appears   emulator.Consumer    // when the last POST arrives
		cancel    bool                 // the caller gives up then
		unique    bool                 // the server's names
		reads     emulator.FaultKind   // of each GET after the last POST
		patch     emulator.FaultKind
		posts     int
		consumers int   // on the server in the end
		kind      error // nil: it succeeds, with testSecret
		keys      int   // in the RegistrationError
		look      error // of the RegistrationError
		strays    int
		unknown   error // why strays are unknown
	}{
		"lost again and again":            {faults: []emulator.FaultKind{dropped, gateway, dropped}, posts: 4, consumers: 2},
		"the first one appears late":      {faults: []emulator.FaultKind{gateway, dropped}, appears: emulator.Consumer{Name: "app", Secret: testSecret}, posts: 2, consumers: 2, unknown: ErrIncomplete},
		"lost once too often":             {faults: []emulator.FaultKind{gateway, gateway, gateway, gateway}, posts: 4, consumers: 1, kind: ErrServer},
		"two have appeared":               {faults: []emulator.FaultKind{lost}, appears: theirs, posts: 1, consumers: 3, kind: ErrUnreachable, keys: 2},
		"another name has appeared, too":  {faults: []emulator.FaultKind{lost}, appears: emulator.Consumer{Name: "another"}, posts: 1, consumers: 3},
		"list fails":                      {faults: []emulator.FaultKind{lost}, reads: emulator.InternalError500, posts: 1, consumers: 2, kind: ErrUnreachable, look: ErrServer},
		"carried out late":                {faults: []emulator.FaultKind{gateway}, appears: theirs, posts: 2, consumers: 3, strays: 1},
		"carried out late, unique names":  {faults: []emulator.FaultKind{gateway}, appears: theirs, unique: true, posts: 2, consumers: 2},
		"list of strays fails":            {faults: []emulator.FaultKind{gateway}, reads: emulator.Forbidden403, posts: 2, consumers: 2, unknown: ErrForbidden},
		"secret cannot be set":            {faults: []emulator.FaultKind{lost}, patch: emulator.InternalError500, posts: 1, consumers: 2, kind: ErrServer},
		"canceled in flight":              {cancel: true, posts: 1, consumers: 2},
		"canceled in flight, and lost":    {faults: []emulator.FaultKind{lost}, cancel: true, posts: 1, consumers: 2},
		"canceled in flight, and dropped": {faults: []emulator.FaultKind{dropped}, cancel: true, posts: 1, consumers: 1, kind: ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t, func(c *emulator.Config) { c.UniqueNames = test.unique })
			server.AddConsumer(emulator.Consumer{Key: "other", Name: "other"})
			client := connect(t, server)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			posts := 0
			server.SetOnRequest(func(request emulator.Request) {
				if request.Method != http.MethodPost {
					return
				}
				if posts++; posts != test.posts {
					return
				}
				if test.appears.Name != "" {
					server.AddConsumer(test.appears)
				}
				if test.reads != 0 {
					server.Inject(emulator.Fault{Kind: test.reads, Method: http.MethodGet, PathSuffix: collection, Times: -1})
				}
				if test.cancel {
					cancel()
				}
			})
			for _, kind := range test.faults {
				server.Inject(emulator.Fault{Kind: kind, Method: http.MethodPost})
			}
			if test.patch != 0 {
				server.Inject(emulator.Fault{Kind: test.patch, Method: http.MethodPatch})
			}
			registration, err := client.Register(ctx, "app", testSecret)
			consumers := server.Consumers()
			if !errors.Is(err, test.kind) || posts != test.posts || len(consumers) != test.consumers {
				t.Fatalf("got %v, %v after %d POSTs, the server has %v", registration, err, posts, consumers)
			}
			consumer, exists := server.Consumer(registration.Consumer.Key)
			if test.kind == nil && consumer.Secret != testSecret || !exists && registration.Consumer.Key != "" {
				t.Errorf("got %v, the server has %v", registration.Consumer, consumers)
			}
			if got, exists := server.Consumer(theirs.Key); exists && !test.unique && got != theirs {
				t.Errorf("the consumer of somebody else is %v now", got)
			}
			if len(registration.Strays) != test.strays || test.strays > 0 && registration.Strays[0].Key != theirs.Key || !errors.Is(registration.StraysUnknown, test.unknown) {
				t.Errorf("the strays are %v, %v", registration.Strays, registration.StraysUnknown)
			}
			var uncertain *RegistrationError
			if errors.As(err, &uncertain) {
				for _, key := range uncertain.Keys {
					if _, exists := server.Consumer(key); !exists || !strings.Contains(err.Error(), key) {
						t.Errorf("the key %q is not in %v", key, err)
					}
				}
				if uncertain.Name != "app" || len(uncertain.Keys) != test.keys || !errors.Is(uncertain.Look, test.look) {
					t.Errorf("got %+v", uncertain)
				}
			} else if test.keys > 0 || test.look != nil {
				t.Errorf("got %v, want a RegistrationError", err)
			}

			// What is read after that is what the server has.
			server.ClearFaults()
			if listed, err := client.List(t.Context()); err != nil || len(listed) != len(consumers) {
				t.Errorf("listed %v, %v, the server has %v", listed, err, consumers)
			}
		})
	}
}

// After a POST that hangs, the client lists the consumers, even if the caller has
// given up.
func TestRegisterLooksAfterAHang(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cancel, done bool // while it hangs, and on the server
		kind         error
		posts        int
	}{
		"carried out":               {done: true, posts: 1},
		"carried out, canceled":     {done: true, cancel: true, posts: 1},
		"not carried out":           {posts: 2},
		"not carried out, canceled": {cancel: true, posts: 1, kind: ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				const consumer = `{"key":"k","name":"app","approved":false}`
				consumers, posts := `[]`, 0
				server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
					switch request.Method {
					case http.MethodPost:
						posts++
						if test.cancel {
							cancel()
						}
						if test.done || posts > 1 {
							consumers = "[" + consumer + "]"
						}
						if posts == 1 {
							return hanging(request)
						}
						return reply(http.StatusCreated, consumer), nil
					case http.MethodPatch:
						return reply(http.StatusOK, consumer), nil
					}
					return reply(http.StatusOK, consumers), nil
				}}
				client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = DefaultRetryWaitMin, DefaultRetryWaitMax })
				registration, err := client.Register(ctx, "app", testSecret)
				if !errors.Is(err, test.kind) || (registration.Consumer.Key == "k") != (err == nil) || posts != test.posts {
					t.Errorf("got %v, %v after %d POSTs", registration, err, posts)
				}
			})
		})
	}
}

// No other registration is sent until the answer to the first one is understood.
func TestFirstRegistration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		kind    error // nil: it succeeds
		says    string
		key     string
		last    bool // no other is sent
	}{
		"understood":           {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, one("k")}}}, key: "k"},
		"key alone, then read": {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, one("k")}}}, key: "k"},
		"key alone, no more":   {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, `{"key":"k"}`}}}, kind: ErrUnreadable, key: "k", last: true},
		"not understood":       {answers: fakeAnswers{"GET list": {{200, "[]"}, {200, `[{"id":"k"}]`}, {200, "[]"}}, "POST list": {{201, `{"id":"k"}`}}}, kind: ErrUnreadable, last: true},
		"an error with 200":    {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{200, `{"error":"no"}`}}}, kind: ErrUnreadable, last: true},
		"said, not listed":     {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}}, kind: ErrUnreadable, last: true},
		"another one's key":    {answers: fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "POST list": {{201, one("k")}}}, kind: ErrUnreadable, says: "another consumer's", last: true},
		"refused":              {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{409, ""}}}, kind: ErrConflict},
		"refused, and listed":  {answers: fakeAnswers{"GET list": {{200, "[]"}, {200, consumersJSON("k")}}, "POST list": {{409, ""}}}, kind: ErrConflict, says: `"k"`, last: true},
		"refused, list fails":  {answers: fakeAnswers{"GET list": {{200, "[]"}, {500, ""}, {200, "[]"}}, "POST list": {{409, ""}}}, kind: ErrConflict, says: "500"},
		"proxy's time-out":     {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{408, ""}, {201, one("k")}}}, key: "k"},
		"lost, repeated":       {answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{0, ""}, {201, one("k")}}}, key: "k"},
		"lost, list is a page": {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(10)}}, "POST list": {{0, ""}, {201, one("k")}}}, kind: ErrUnreachable},
		"no key by profile": {
			answers: fakeAnswers{"GET list": {{200, "[]"}, {200, "[]"}, {200, consumersJSON("k")}}, "POST list": {{201, ""}}},
			change:  withoutAnswer, key: "k",
		},
		"no key by profile, not listed": {
			answers: fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}},
			change:  withoutAnswer, kind: ErrIncomplete, says: `"n"`, last: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			registration, err := client.Register(t.Context(), "n", testSecret)
			if !errors.Is(err, test.kind) || registration.Consumer.Key != test.key || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v, %v, want %q, %v", registration.Consumer, err, test.key, test.kind)
			}
			before := len(sent())
			_, err = client.Register(t.Context(), "m", testSecret)
			if errors.Is(err, ErrNotUnderstood) != test.last || slices.Contains(sent()[before:], "POST list") == test.last {
				t.Errorf("got %v for the second one, sent %q", err, sent())
			}
		})
	}
}

func withoutAnswer(p *profile.Profile) { p.Calls.Register.Answer = nil }

// If the server has the consumer under another key than it returned, the callback
// runs again with that key.
func TestRegister_otherKey(t *testing.T) {
	t.Parallel()
	client, _ := fakeAnswers{"GET list": {{200, "[]"}, {200, consumersJSON("real")}}, "POST list": {{201, one("returned")}}}.client(t)
	var keys []string
	registration, err := client.Register(t.Context(), "n", testSecret, func(registration Registration, _ error) error {
		keys = append(keys, registration.Consumer.Key)
		return &Error{Kind: ErrNotFound}
	})
	var failure *Error
	if !errors.As(err, &failure) || failure.Part != "calls.register.answer.key" || registration.Consumer.Key != "real" {
		t.Errorf("got %v, %v", registration, err)
	}
	if want := []string{"returned", "real"}; !slices.Equal(keys, want) {
		t.Errorf("done with %q, want %q", keys, want)
	}
}

// After a repeated registration, a list that lacks a consumer of this process does
// not prove that there is no second one.
func TestStrays_unknown(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"without the new one": consumersJSON("first"), "without an earlier one": consumersJSON("k")} {
		client, _ := fakeAnswers{
			"GET list":  {{200, "[]"}, {200, consumersJSON("first")}, {200, last}},
			"POST list": {{201, one("first")}, {504, ""}, {201, one("k")}},
		}.client(t)
		client.options.MaxRetries = 1
		if _, err := client.Register(t.Context(), "n", testSecret); err != nil {
			t.Fatal(err)
		}
		registration, err := client.Register(t.Context(), "n", testSecret)
		if err != nil || registration.Consumer.Key != "k" || !errors.Is(registration.StraysUnknown, ErrIncomplete) {
			t.Errorf("%s: got %+v, %v", name, registration, err)
		}
	}
}

// Confirm asks the server once in a process, and detects an unknown key.
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
	client, _ = fakeAnswers{"GET list": {{200, consumersJSON("real")}}, "GET real": {{200, one("real")}}, "POST list": {{201, one("returned")}}}.client(t)
	if _, err := client.Register(t.Context(), "n", testSecret); err != nil {
		t.Fatal(err)
	}
	if err := client.Confirm(t.Context(), Consumer{Key: "returned"}); !errors.Is(err, ErrKeyGone) || !strings.Contains(err.Error(), "does not know the key") {
		t.Errorf("got %v", err)
	}
}

func TestRegisterReturnsNamesakes(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	for key, name := range map[string]string{"a": "App", "b": " app ", "c": "app", "d": "apps"} {
		server.AddConsumer(emulator.Consumer{Key: key, Name: name})
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

// Concurrent callers who register the same name get one consumer each, even if
// answers are lost.
func TestRegisterOneNameAtATime(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	server.Inject(emulator.Fault{Kind: emulator.DropAfter, Method: http.MethodPost, Times: 4},
		emulator.Fault{Kind: emulator.Status502Before, Method: http.MethodPost, Times: 2})
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
}

// A caller can give up waiting for a registration of the same name, and for the
// first registration of all.
func TestRegisterWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
			if request.Method == http.MethodPost {
				<-release
				return reply(http.StatusCreated, one("k")), nil
			}
			return reply(http.StatusOK, "[]"), nil
		}}
		client := fakeClient(t, server)
		register := func(ctx context.Context, name string) <-chan error {
			registering := async(func() error {
				_, err := client.Register(ctx, name, testSecret)
				return err
			})
			synctest.Wait()
			return registering
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, same, other := register(t.Context(), "app"), register(ctx, "App"), register(ctx, "other")
		cancel()
		for _, waiting := range []<-chan error{same, other} {
			if err := <-waiting; !errors.Is(err, ErrCanceled) {
				t.Errorf("got %v", err)
			}
		}
		close(release)
		if err := <-first; err != nil || server.count(collection) != 2 {
			t.Errorf("got %v, sent %q", err, server.sent())
		}
	})
}
