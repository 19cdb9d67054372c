package twcloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// With any fault, in any dialect, a registration either fails and leaves no
// consumer, or creates exactly one, whose key the caller gets.
func TestRegisterExactlyOnce(t *testing.T) {
	t.Parallel()
	// Nothing was registered, and another try would have the same outcome.
	refusals := map[emulator.FaultKind]error{
		emulator.Forbidden403: ErrForbidden,
		emulator.WebPage:      ErrWebPage,
		emulator.Redirect302:  ErrWebPage,
	}
	for _, kind := range emulator.AllFaultKinds() {
		if kind == emulator.Hang || kind == emulator.HangAfter {
			continue // TestRegisterLooksAfterAHang has them.
		}
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			eachDialect(t, func(t *testing.T, server *emulator.Server, client *Client) {
				times := 1
				if kind == emulator.Forbidden403 && client.profile.CSRF != nil {
					times = 2 // The first one may be due to an old token.
				}
				server.Inject(emulator.Fault{Kind: kind, Times: times, Match: func(r emulator.Request) bool { return r.Call == "register" }})
				registration, err := client.Register(t.Context(), "app", testSecret)
				consumers := server.Consumers()
				onPlatform := client.profile.Server == profile.WebApp
				if refusal := refusals[kind]; refusal != nil && (kind != emulator.Redirect302 || !onPlatform) {
					var unknown *RegistrationError
					if !errors.Is(err, refusal) || errors.As(err, &unknown) == (kind == emulator.Forbidden403) || registration.Consumer.Key != "" || len(consumers) != 0 {
						t.Errorf("got %v, %v, the server has %v", registration, err, consumers)
					}
					return
				}
				if err != nil || len(consumers) != 1 || len(registration.Strays) != 0 || registration.Doubt != nil {
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
		lost      = emulator.DropAfter
		dropped   = emulator.DropBefore
		gateway   = emulator.Status504Before
		forbidden = emulator.Forbidden403
	)
	type kinds = []emulator.FaultKind
	theirs := emulator.Consumer{Key: "theirs", Name: "app", Secret: "somebody else's"}
	own := emulator.Consumer{Name: "app", Secret: testSecret}
	for name, test := range map[string]struct {
		faults    kinds              // of the POSTs, in turn
		appears   emulator.Consumer  // when the last POST arrives
		cancel    bool               // the caller gives up then
		unique    bool               // the server's names
		reads     emulator.FaultKind // of each list after the last POST
		patch     emulator.FaultKind
		posts     int
		consumers int // on the server in the end
		adopted   bool
		kind      error // nil: it succeeds, with testSecret
		keys      int   // in the RegistrationError
		look      error // of the RegistrationError
		strays    int
		doubt     error
	}{
		"lost":                            {faults: kinds{lost}, posts: 1, consumers: 2, adopted: true},
		"dropped, sent again":             {faults: kinds{dropped}, posts: 2, consumers: 2},
		"dropped twice":                   {faults: kinds{dropped, dropped}, posts: 2, consumers: 1, kind: ErrUnreachable},
		"gateway twice":                   {faults: kinds{gateway, gateway}, posts: 2, consumers: 1, kind: ErrServer},
		"dropped, then refused":           {faults: kinds{dropped, forbidden}, posts: 2, consumers: 1, kind: ErrForbidden},
		"dropped, then lost":              {faults: kinds{dropped, lost}, posts: 2, consumers: 2, adopted: true, doubt: ErrIncomplete},
		"the first one appears late":      {faults: kinds{gateway, dropped}, appears: own, posts: 2, consumers: 2, adopted: true, doubt: ErrIncomplete},
		"two have appeared":               {faults: kinds{lost}, appears: theirs, posts: 1, consumers: 3, kind: ErrUnreachable, keys: 2},
		"another name has appeared, too":  {faults: kinds{lost}, appears: emulator.Consumer{Name: "another"}, posts: 1, consumers: 3, adopted: true},
		"another name has appeared":       {faults: kinds{dropped}, appears: emulator.Consumer{Name: "App"}, posts: 1, consumers: 2, kind: ErrUnreachable, keys: 1},
		"list fails":                      {faults: kinds{lost}, reads: emulator.InternalError500, posts: 1, consumers: 2, kind: ErrUnreachable, look: ErrServer},
		"carried out late":                {faults: kinds{gateway}, appears: theirs, posts: 2, consumers: 3, strays: 1},
		"carried out late, unique names":  {faults: kinds{gateway}, appears: own, unique: true, posts: 2, consumers: 2, adopted: true, doubt: ErrIncomplete},
		"list of strays fails":            {faults: kinds{gateway}, reads: forbidden, posts: 2, consumers: 2, doubt: ErrForbidden},
		"secret cannot be set":            {faults: kinds{lost}, patch: emulator.InternalError500, posts: 1, consumers: 2, adopted: true, kind: ErrServer},
		"canceled in flight":              {cancel: true, posts: 1, consumers: 2},
		"canceled in flight, and lost":    {faults: kinds{lost}, cancel: true, posts: 1, consumers: 2, adopted: true},
		"canceled in flight, and dropped": {faults: kinds{dropped}, cancel: true, posts: 1, consumers: 1, kind: ErrUnreachable},
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
			if got, exists := server.Consumer(theirs.Key); exists && got != theirs {
				t.Errorf("the consumer of somebody else is %v now", got)
			}
			if adopted := registration.Adopted != nil; adopted != test.adopted || adopted && registration.Consumer.Key == "" {
				t.Errorf("adopted because of %v", registration.Adopted)
			}
			if len(registration.Strays) != test.strays || test.strays > 0 && registration.Strays[0].Key != theirs.Key || !errors.Is(registration.Doubt, test.doubt) {
				t.Errorf("the strays are %v, %v", registration.Strays, registration.Doubt)
			}
			var unknown *RegistrationError
			if errors.As(err, &unknown) {
				for _, key := range unknown.Keys {
					if _, exists := server.Consumer(key); !exists || !strings.Contains(err.Error(), key) {
						t.Errorf("the key %q is not in %v", key, err)
					}
				}
				if unknown.Name != "app" || len(unknown.Keys) != test.keys || !errors.Is(unknown.Look, test.look) || unknown.OtherName != (test.appears.Name == "App") {
					t.Errorf("got %+v", unknown)
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

// clockServer has consumers, in a synctest bubble. Its list lags behind.
type clockServer struct {
	t   *testing.T
	lag time.Duration
	// slow is how long a list takes that is complete.
	slow time.Duration
	// post replaces the response to a registration that was made. Nil: it is lost.
	post func(request *http.Request, number int, register func() string) (*http.Response, error)

	mu        sync.Mutex
	consumers []clockConsumer
	posts     int
	lists     int
	patched   []string // the keys
}

type clockConsumer struct {
	key, name string
	since     time.Time
}

func (s *clockServer) add(name string) string {
	key := fmt.Sprint("k", len(s.consumers))
	s.consumers = append(s.consumers, clockConsumer{key, name, time.Now()})
	return key
}

func (s *clockServer) serve(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, one := strings.CutPrefix(request.URL.Path, "/osmc/admin/oauthconsumers/")
	switch {
	case request.Method == http.MethodPost:
		s.posts++
		register := func() string {
			name := nameIn(s.t, request)
			return named(s.add(name), name)
		}
		if s.post != nil {
			return s.post(request, s.posts, register)
		}
		register()
		return nil, io.ErrUnexpectedEOF
	case !one:
		s.lists++
		var all []string
		for _, consumer := range s.consumers {
			if time.Since(consumer.since) >= s.lag {
				all = append(all, named(consumer.key, consumer.name))
			}
		}
		s.mu.Unlock()
		defer s.mu.Lock()
		time.Sleep(s.slow)
		return reply(http.StatusOK, "["+strings.Join(all, ",")+"]"), nil
	case request.Method == http.MethodPatch:
		s.patched = append(s.patched, key)
	}
	for _, consumer := range s.consumers {
		if consumer.key == key {
			return reply(http.StatusOK, named(key, consumer.name)), nil
		}
	}
	return reply(http.StatusNotFound, ""), nil
}

func (s *clockServer) client(options ...func(*Options)) *Client {
	options = append([]func(*Options){func(o *Options) {
		o.RetryWaitMin, o.RetryWaitMax = DefaultRetryWaitMin, DefaultRetryWaitMax
	}}, options...)
	return fakeClient(s.t, &fakeServer{serve: s.serve}, options...)
}

// If every response to a registration is lost, and lists lag by a second, at most one
// registration is sent twice, and each doubt is named.
func TestRegisterOnALaggingServer(t *testing.T) {
	t.Parallel()
	for name, concurrent := range map[string]bool{"concurrent": true, "one after the other": false} {
		for _, lag := range []time.Duration{0, 300 * time.Millisecond, time.Second, time.Minute} {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := &clockServer{t: t, lag: lag}
					client := server.client()
					var group sync.WaitGroup
					for i := range 10 {
						register := func() {
							app := fmt.Sprint("app ", i)
							registration, err := client.Register(t.Context(), app, testSecret)
							server.mu.Lock()
							defer server.mu.Unlock()
							var own []string
							for _, consumer := range server.consumers {
								if consumer.name == app {
									own = append(own, consumer.key)
								}
							}
							var unknown *RegistrationError
							switch {
							case errors.As(err, &unknown):
								// It says that there may be one.
							case err != nil || registration.Adopted == nil || !slices.Contains(own, registration.Consumer.Key) || !slices.Contains(server.patched, registration.Consumer.Key):
								t.Errorf("got %+v, %v, the server has %q", registration, err, own)
							case len(own) > 1 && registration.Doubt == nil:
								t.Errorf("the server has %q, and nobody doubts it", own)
							}
							if slices.Sort(own); err != nil && lag <= time.Second && !slices.Equal(unknown.Keys, own) {
								t.Errorf("got %v, the server has %q", err, own)
							}
						}
						if concurrent {
							group.Go(register)
						} else {
							register()
						}
					}
					group.Wait()
					if most := map[bool]int{true: 10, false: 11}[lag == 0]; server.posts > most {
						t.Errorf("%d registrations", server.posts)
					}
				})
			})
		}
	}
}

// A consumer that a list from at most 5 s before the registration has is never
// adopted. An older list is renewed.
func TestRegister_listFromBefore(t *testing.T) {
	t.Parallel()
	for age, lists := range map[time.Duration]int{registrationAge: 3, registrationAge + 1: 4, time.Minute: 4} {
		t.Run(age.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &clockServer{t: t}
				server.post = func(_ *http.Request, number int, register func() string) (*http.Response, error) {
					if number == 1 {
						return reply(http.StatusGatewayTimeout, ""), nil
					}
					return reply(http.StatusCreated, register()), nil
				}
				client := server.client()
				if age > registrationAge {
					if _, err := client.List(t.Context()); err != nil {
						t.Fatal(err)
					}
					theirs := server.add("app")
					defer func() {
						if slices.Contains(server.patched, theirs) {
							t.Error("the consumer of a colleague is changed")
						}
					}()
				} else {
					theirs := server.add("app")
					if _, err := client.List(t.Context()); err != nil || theirs == "" {
						t.Fatal(err)
					}
				}
				time.Sleep(age)
				registration, err := client.Register(t.Context(), "app", testSecret)
				if err != nil || registration.Adopted != nil || registration.Consumer.Key != "k1" || len(registration.Strays) > 0 || len(registration.Namesakes) != 1 || server.posts != 2 || server.lists != lists {
					t.Errorf("got %+v, %v after %d registrations and %d lists", registration, err, server.posts, server.lists)
				}
			})
		})
	}
}

// If the registration left more than 5 s after the list, the new consumer may be
// somebody else's: it is named.
func TestRegister_leavesLate(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"soon enough": 4 * time.Second, "too late": 6 * time.Second} {
		for _, cause := range []string{"list", "slot", "429"} {
			t.Run(name+", "+cause, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := &clockServer{t: t}
					server.post = func(_ *http.Request, number int, register func() string) (*http.Response, error) {
						if cause == "429" && number == 1 {
							return reply(http.StatusTooManyRequests, "", "Retry-After", fmt.Sprint(late.Seconds())), nil
						}
						register()
						return nil, io.ErrUnexpectedEOF
					}
					client := server.client(func(o *Options) { o.MaxConcurrentRequests = 1 })
					if _, err := client.List(t.Context()); err != nil {
						t.Fatal(err)
					}
					switch cause {
					case "list":
						server.slow = late
						client = client.View()
					case "slot":
						client.chain.limit.slots <- struct{}{}
						time.AfterFunc(late, func() { <-client.chain.limit.slots })
					}
					registration, err := client.Register(t.Context(), "app", testSecret)
					var unknown *RegistrationError
					if late < registrationAge {
						if err != nil || registration.Adopted == nil {
							t.Errorf("got %+v, %v", registration, err)
						}
					} else if !errors.As(err, &unknown) || !slices.Equal(unknown.Keys, []string{"k0"}) || registration.Consumer.Key != "" || len(server.patched) > 0 {
						t.Errorf("got %+v, %v, changed %q", registration, err, server.patched)
					}
				})
			})
		}
	}
}

// A registration that shows while another one is sent again is not sent again itself.
func TestRegister_showsWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &clockServer{t: t}
		server.post = func(request *http.Request, number int, register func() string) (*http.Response, error) {
			switch number {
			case 2, 3:
				return reply(http.StatusGatewayTimeout, ""), nil
			case 4:
				server.mu.Unlock()
				time.Sleep(2 * registrationAge)
				server.mu.Lock()
				consumer := register()
				server.add(map[bool]string{true: "a", false: "b"}[strings.Contains(consumer, `"b"`)])
				return reply(http.StatusCreated, consumer), nil
			}
			return reply(http.StatusCreated, register()), nil
		}
		client := server.client()
		if _, err := client.Register(t.Context(), "first", testSecret); err != nil {
			t.Fatal(err)
		}
		var adopted atomic.Int32
		var group sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			group.Go(func() {
				registration, err := client.Register(t.Context(), name, testSecret)
				if err != nil || len(registration.Strays) > 0 {
					t.Errorf("got %+v, %v", registration, err)
				}
				if registration.Adopted != nil {
					adopted.Add(1)
				}
			})
		}
		group.Wait()
		if server.posts != 4 || adopted.Load() != 1 || len(server.consumers) != 3 {
			t.Errorf("%d registrations, %d adopted, %d consumers", server.posts, adopted.Load(), len(server.consumers))
		}
	})
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
				server := &clockServer{t: t}
				server.post = func(request *http.Request, number int, register func() string) (*http.Response, error) {
					if test.cancel {
						cancel()
					}
					consumer := ""
					if test.done || number > 1 {
						consumer = register()
					}
					if number == 1 {
						return hanging(request)
					}
					return reply(http.StatusCreated, consumer), nil
				}
				registration, err := server.client().Register(ctx, "app", testSecret)
				if !errors.Is(err, test.kind) || (registration.Consumer.Key == "k0") != (err == nil) || server.posts != test.posts {
					t.Errorf("got %v, %v after %d POSTs", registration, err, server.posts)
				}
			})
		})
	}
}

// No other registration is sent until the response to the first one is understood.
// After a refusal, the next one goes alone.
func TestFirstRegistration(t *testing.T) {
	t.Parallel()
	expect := func(p *profile.Profile) { p.Calls.Register.Expect = map[string]any{"/ok": true} }
	silent := func(p *profile.Profile) { p.Calls.Register.Response = nil }
	keyless := func(p *profile.Profile) { silent(p); p.Calls.Register.Known = profile.Seen }
	only := func(p *profile.Profile) { p.Calls = profile.Calls{Register: p.Calls.Register} }
	type lists = []fakeAnswer
	none := lists{{200, "[]"}}
	type posts = []fakeAnswer
	for name, test := range map[string]struct {
		lists  lists
		posts  posts
		read   fakeAnswer // of k; zero: it is as it was sent
		change func(*profile.Profile)
		kind   error // nil: it succeeds
		says   string
		key    string
		sent   int  // how many POSTs, if not one; -1 is none
		last   bool // no other is sent
	}{
		"understood":                   {lists: none, posts: posts{{201, one("k")}}, key: "k"},
		"response lacks the name":      {lists: none, posts: posts{{201, `{"key":"k"}`}}, kind: ErrUnreadable, key: "k", last: true},
		"not understood, and listed":   {lists: lists{{200, "[]"}, {200, consumersJSON("k")}}, posts: posts{{201, `{"id":"k"}`}}, key: "k", last: true},
		"not understood, not listed":   {lists: none, posts: posts{{201, `{"id":"k"}`}}, kind: ErrUnreadable, last: true},
		"not understood, list neither": {lists: lists{{200, "[]"}, {200, `[{"id":"k"}]`}, {200, "[]"}}, posts: posts{{201, `{"id":"k"}`}}, kind: ErrUnreadable, last: true},
		"page":                         {lists: none, posts: posts{{200, "<html>"}}, kind: ErrWebPage, last: true},
		"redirect":                     {lists: none, posts: posts{{302, ""}}, kind: ErrWebPage, last: true},
		"another one's key":            {lists: lists{{200, consumersJSON("k")}}, posts: posts{{201, one("k")}}, kind: ErrUnreadable, says: "another consumer's", last: true},
		"400":                          {lists: none, posts: posts{{400, ""}}, kind: ErrInvalid},
		"403":                          {lists: none, posts: posts{{403, ""}}, kind: ErrForbidden, last: true},
		"404":                          {lists: none, posts: posts{{404, ""}}, kind: ErrNoCollection, last: true},
		"405":                          {lists: none, posts: posts{{405, ""}}, kind: ErrUnsupported, last: true},
		"409":                          {lists: none, posts: posts{{409, ""}}, kind: ErrConflict},
		"422":                          {lists: none, posts: posts{{422, ""}}, kind: ErrInvalid},
		"501":                          {lists: none, posts: posts{{501, ""}}, kind: ErrUnsupported, last: true},
		"408, sent again":              {lists: none, posts: posts{{408, ""}, {201, one("k")}}, key: "k", sent: 2},
		"500, sent again":              {lists: none, posts: posts{{500, ""}, {201, one("k")}}, key: "k", sent: 2},
		"500 twice":                    {lists: none, posts: posts{{500, ""}, {500, ""}, {201, one("k")}}, kind: ErrServer, sent: 2},
		"list forbidden":               {lists: lists{{403, ""}, {200, "[]"}}, posts: posts{{201, one("k")}}, kind: ErrForbidden, sent: -1},
		"list fails":                   {lists: lists{{500, ""}, {200, "[]"}}, posts: posts{{201, one("k")}}, kind: ErrServer, sent: -1},
		"key is not known":             {lists: none, posts: posts{{201, one("k")}}, read: fakeAnswer{404, ""}, kind: ErrKeyGone, key: "k", last: true},
		"reading fails":                {lists: none, posts: posts{{201, one("k")}}, read: fakeAnswer{500, ""}, kind: ErrServer, key: "k"},
		"other name in the response":   {lists: none, posts: posts{{201, named("k", "N")}}, read: fakeAnswer{200, named("k", "N")}, kind: ErrOtherName, key: "k", last: true},
		"other name is read":           {lists: none, posts: posts{{201, one("k")}}, read: fakeAnswer{200, named("k", " n")}, kind: ErrOtherName, key: "k", last: true},
		"refused with 200":             {lists: none, posts: posts{{200, `{"ok":false}`}}, change: expect, kind: ErrInvalid},
		"neither refused nor made":     {lists: none, posts: posts{{200, one("k")}}, change: expect, kind: ErrUnreadable, last: true},
		"no key by profile":            {lists: lists{{200, "[]"}, {200, "[]"}, {200, consumersJSON("k")}}, posts: posts{{201, ""}}, change: silent, key: "k"},
		"no key, not listed":           {lists: none, posts: posts{{201, ""}}, change: keyless, kind: ErrIncomplete, says: `"n"`, last: true},
		"no list":                      {posts: posts{{201, one("k")}}, change: only, key: "k"},
		"no list, and lost":            {posts: posts{{0, ""}}, change: only, kind: ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := test.read
			if read.status == 0 {
				read = fakeAnswer{200, one("k")}
			}
			client, sent := fakeAnswers{"GET list": test.lists, "POST list": test.posts, "GET k": {read}, "PATCH k": {{200, one("k")}}}.client(t, test.change)
			registration, err := client.Register(t.Context(), "n", testSecret)
			if !errors.Is(err, test.kind) || registration.Consumer.Key != test.key || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v, %v, want %q, %v", registration.Consumer, err, test.key, test.kind)
			}
			if got, want := countOf(sent(), "POST list"), max(test.sent, 0); got != want && (test.sent != 0 || got != 1) {
				t.Errorf("sent %q", sent())
			}
			before := len(sent())
			client.snapshot.invalidate() // A failed list is kept.
			_, err = client.Register(t.Context(), "m", testSecret)
			if errors.Is(err, ErrNotUnderstood) != test.last || slices.Contains(sent()[before:], "POST list") == test.last {
				t.Errorf("got %v for the second one, sent %q", err, sent())
			}
		})
	}
}

func countOf(calls []string, call string) int {
	return len(slices.DeleteFunc(slices.Clone(calls), func(one string) bool { return one != call }))
}

// A new consumer whose key is in no response, and whose name is another one, stops
// the others, and so do two.
func TestRegister_keyless(t *testing.T) {
	t.Parallel()
	for listed, want := range map[string]string{
		named("k", "N"):           `new consumers of other names: "k"`,
		one("k") + "," + one("l"): `new consumers of this name: "k", "l"`,
	} {
		client, _ := fakeAnswers{"GET list": {{200, "[]"}, {200, "[" + listed + "]"}}, "POST list": {{201, ""}}}.
			client(t, func(p *profile.Profile) { p.Calls.Register.Response = nil })
		_, err := client.Register(t.Context(), "n", testSecret)
		if _, ok := errors.AsType[*RegistrationError](err); !ok || err.Error() != `"n" was registered, but its key is not known, and the list has `+want {
			t.Errorf("got %v", err)
		}
		if _, err := client.Register(t.Context(), "m", testSecret); !errors.Is(err, ErrNotUnderstood) {
			t.Errorf("got %v for the second one", err)
		}
	}
}

// A redirect to another place than that of success does not say whether there is a
// consumer: the list does.
func TestRegister_otherRedirect(t *testing.T) {
	t.Parallel()
	server, spoken := newDialect(t, "forms", func(c *emulator.Config) { c.UniqueNames = true })
	server.AddConsumer(emulator.Consumer{Key: "k", Name: "app"})
	client := connect(t, server, spoken)
	_, err := client.Register(t.Context(), "app", testSecret)
	var unknown *RegistrationError
	if !errors.As(err, &unknown) || !errors.Is(err, ErrWebPage) || len(unknown.Keys) > 0 || len(server.Consumers()) != 1 {
		t.Errorf("got %v", err)
	}
}

// An approval that fails stops the others, whatever the server answered.
func TestFirstRegistration_approval(t *testing.T) {
	t.Parallel()
	for kind, last := range map[error]bool{
		ErrInvalid: true, ErrForbidden: true, ErrNotFound: true, ErrConflict: true, ErrServer: true, ErrNotApplied: true, ErrUnsupported: true, ErrWebPage: true,
		ErrUnreachable: true, ErrTimeout: true, ErrCanceled: false, ErrClosed: false,
	} {
		client, _ := fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, one("k")}, {201, named("l", "m")}}, "GET k": {{200, one("k")}}, "GET l": {{200, named("l", "m")}}}.client(t)
		registration, err := client.RegisterThen(t.Context(), "n", testSecret, true, func(Registration, error) error { return &UncertainError{Err: &Error{Kind: kind}} })
		if err != nil || registration.Consumer.Key != "k" {
			t.Errorf("%v: got %v, %v", kind, registration, err)
		}
		if _, err := client.Register(t.Context(), "m", testSecret); errors.Is(err, ErrNotUnderstood) != last || !last && err != nil {
			t.Errorf("%v: got %v for the second one", kind, err)
		}
	}
}

// The first one that is to be approved goes alone, also after others that were not.
func TestFirstRegistration_approvedLater(t *testing.T) {
	t.Parallel()
	for kind, want := range map[error]int{nil: 6, ErrInvalid: 2} {
		server := emulator.New(t)
		client := connect(t, server)
		if _, err := client.Register(t.Context(), "not approved", testSecret); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for i := range 5 {
			group.Go(func() {
				_, _ = client.RegisterThen(t.Context(), fmt.Sprint("approved ", i), testSecret, true, func(_ Registration, err error) error { return errors.Join(err, kind) })
			})
		}
		group.Wait()
		if got := len(server.Consumers()); got != want {
			t.Errorf("approvals end with %v: registered %d, want %d", kind, got, want)
		}
	}
}

// A panic in a callback ends that registration alone.
func TestRegister_panicInCallback(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_, _ = client.RegisterThen(t.Context(), "app", testSecret, true, func(Registration, error) error { panic("canary") })
	}()
	for _, name := range []string{"app", "other"} {
		if _, err := client.Register(t.Context(), name, testSecret); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What the server stores counts, and not the name in its response.
func TestRegister_otherNameInResponses(t *testing.T) {
	t.Parallel()
	var stored []string
	server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
		switch key := fmt.Sprint("k", len(stored)); {
		case request.Method == http.MethodPost:
			stored = append(stored, named(key, nameIn(t, request)))
			return reply(http.StatusCreated, named(key, "")), nil
		case strings.HasSuffix(request.URL.Path, collection):
			return reply(http.StatusOK, "["+strings.Join(stored, ",")+"]"), nil
		}
		return reply(http.StatusOK, stored[len(stored)-1]), nil
	}}
	client := fakeClient(t, server)
	for _, name := range []string{"a", "b"} {
		if registration, err := client.Register(t.Context(), name, testSecret); err != nil || registration.Consumer.Name != name {
			t.Errorf("got %v, %v", registration, err)
		}
	}
}

// One consumer is read back, and the others are as they were sent: a response without
// the name costs no list.
func TestRegister_readsTheFirstBack(t *testing.T) {
	t.Parallel()
	own := ownProfile()
	own.Calls.Register.Response.Name, own.Calls.Register.Response.Approved = nil, nil
	server := emulator.New(t, func(c *emulator.Config) { c.Profile = own })
	client := connect(t, server, func(o *Options) { o.Profile = own })
	for i := range 10 {
		registration, err := client.Register(t.Context(), fmt.Sprint("app ", i), testSecret)
		if err != nil || registration.Consumer.Name != fmt.Sprint("app ", i) {
			t.Errorf("got %v, %v", registration, err)
		}
	}
	calls := map[string]int{}
	for _, request := range server.Requests() {
		calls[request.Call]++
	}
	if calls["list"] != 1 || calls["read"] != 1 || calls["register"] != 10 {
		t.Errorf("sent %v", calls)
	}
}

// After a list has lacked a consumer, or had one that was removed, a registration
// is not sent again, and what was removed is not adopted.
func TestRegister_outdatedLists(t *testing.T) {
	t.Parallel()
	t.Run("lacks one", func(t *testing.T) {
		t.Parallel()
		client, sent := fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, one("k")}, {504, ""}}, "GET k": {{200, one("k")}}}.client(t)
		_, first := client.Register(t.Context(), "n", testSecret)
		_, err := client.Register(t.Context(), "m", testSecret)
		var unknown *RegistrationError
		if first != nil || !errors.As(err, &unknown) || countOf(sent(), "POST list") != 2 {
			t.Errorf("got %v, %v, sent %q", first, err, sent())
		}
	})
	t.Run("has a removed one", func(t *testing.T) {
		t.Parallel()
		client, sent := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "POST list": {{504, ""}}, "DELETE k": {{204, ""}}}.client(t)
		_, listing := client.List(t.Context())
		removing := client.Remove(t.Context(), "k")
		registration, err := client.Register(t.Context(), "n", testSecret)
		var unknown *RegistrationError
		if listing != nil || removing != nil || !errors.As(err, &unknown) || registration.Adopted != nil || countOf(sent(), "POST list") != 1 || slices.Contains(sent(), "PATCH k") {
			t.Errorf("got %+v, %v, sent %q", registration, err, sent())
		}
	})
}

// A new key that cannot be read by key may be the registered one: nothing is sent again.
func TestRegister_listedUnreadable(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{"GET list": {{200, consumersJSON("a")}, {200, consumersJSON("a", "k")}}, "GET a": {{200, one("a")}}, "POST list": {{504, ""}}}.
		client(t, func(p *profile.Profile) { p.Calls.List.Response = &profile.Shape{Key: new("/key")} })
	_, err := client.Register(t.Context(), "n", testSecret)
	var unknown *RegistrationError
	if !errors.As(err, &unknown) || !slices.Equal(unknown.Keys, []string{"k"}) || countOf(sent(), "POST list") != 1 {
		t.Errorf("got %v, sent %q", err, sent())
	}
}

func TestRegisterReturnsNamesakes(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	for key, name := range map[string]string{"a": "App", "b": "app", "c": "app", "d": "apps"} {
		server.AddConsumer(emulator.Consumer{Key: key, Name: name})
	}
	client := connect(t, server)
	registration, err := client.Register(t.Context(), "app", testSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keysOf(registration.Namesakes), []string{"b", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	now, err := client.Namesakes(t.Context(), "app")
	if err != nil || len(now) != 3 || len(sentTo(server, collection)) != 2 {
		t.Errorf("got %v, %v", now, err)
	}
}

// Concurrent callers who register the same name get one consumer each, even if
// responses are lost.
func TestRegisterOneNameAtATime(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	server.Inject(emulator.Fault{Kind: emulator.DropAfter, Method: http.MethodPost, Times: 4},
		emulator.Fault{Kind: emulator.Status502Before, Method: http.MethodPost})
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

// A view does not take what another view of the server registers for its own.
func TestRegister_views(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	other := client.View()
	if _, err := client.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Register(t.Context(), "app", testSecret)
	if err != nil {
		t.Fatal(err)
	}
	server.Inject(emulator.Fault{Kind: emulator.DropBefore, Method: http.MethodPost})
	own, err := client.Register(t.Context(), "app", testSecret)
	if err != nil || own.Adopted != nil || own.Consumer.Key == theirs.Consumer.Key || len(own.Strays) > 0 || len(server.Consumers()) != 2 {
		t.Errorf("got %+v, %v", own, err)
	}
}

// A caller can give up waiting for a registration of the same name, and for the
// first registration of all.
func TestRegisterWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
			switch {
			case request.Method == http.MethodPost:
				<-release
				return reply(http.StatusCreated, named("k", "app")), nil
			case strings.HasSuffix(request.URL.Path, "/k"):
				return reply(http.StatusOK, named("k", "app")), nil
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
		first, same, other := register(t.Context(), "app"), register(ctx, "app"), register(ctx, "other")
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
