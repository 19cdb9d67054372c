package twcloud

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// selfRegister makes options those of a user who knows the address of the platform, and
// nothing else.
func selfRegister(t testing.TB, webApp string) func(*Options) {
	return func(o *Options) {
		o.Endpoint, o.WebAppEndpoint, o.WebAppExplicit = nil, mustParseURL(t, webApp), true
		o.Credentials, o.Profile = Credentials{}, profile.Named(profile.SelfRegistration)
	}
}

func lines(server *emulator.Server) []string {
	var sent []string
	for _, request := range server.Requests() {
		sent = append(sent, request.Method+" "+request.Path)
	}
	return sent
}

func TestSelfRegistration(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server, selfRegister(t, server.WebAppURL()))
	var keys []string
	for _, name := range []string{"a", "b", "a"} {
		registration, err := client.Register(t.Context(), name, testSecret)
		got, _ := server.Consumer(registration.Consumer.Key)
		if err != nil || registration.Consumer != (Consumer{Key: got.Key, Name: name}) || got.Secret != testSecret || got.Name != name {
			t.Fatalf("got %v, %v, the server has %v", registration, err, got)
		}
		keys = append(keys, got.Key)
	}
	if verdict, err := client.ProbeSecret(t.Context(), keys[0], testSecret); verdict != SecretRefused || err != nil {
		t.Errorf("before the approval: %v, %v", verdict, err)
	}
	server.UpdateConsumer(keys[0], func(c *emulator.Consumer) { c.Approved = true })
	if verdict, err := client.ProbeSecret(t.Context(), keys[0], testSecret); verdict != SecretAccepted || err != nil {
		t.Errorf("after the approval: %v, %v", verdict, err)
	}
	register, token := "POST "+wire.RequestConsumerKeyPath, "POST "+wire.RequestTokenPath
	if sent, want := lines(server), []string{"GET " + wire.RootServicesPath, register, register, register, token, token}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
}

// What the profile has no call for is refused before anything is sent.
func TestSelfRegistration_nothingElse(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server, selfRegister(t, server.WebAppURL()))
	_, listErr := client.List(t.Context())
	_, getErr := client.Get(t.Context(), "k")
	_, namesErr := client.Namesakes(t.Context(), "n")
	_, askErr := client.Ask(t.Context(), "k")
	_, updateErr := client.Update(t.Context(), "k", Changes{Approved: new(true)})
	for name, err := range map[string]error{
		"list": listErr, "get": getErr, "namesakes": namesErr, "ask": askErr, "update": updateErr, "remove": client.Remove(t.Context(), "k"),
	} {
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := lines(server); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
	withREST := connect(t, server, selfRegister(t, server.WebAppURL()), func(o *Options) { o.Endpoint = mustParseURL(t, server.URL()) })
	if _, err := withREST.Version(t.Context()); !errors.Is(err, ErrNoCredentials) || len(lines(server)) > 0 {
		t.Errorf("the version without credentials: %v", err)
	}
}

// Without a list, a registration whose response is lost is never sent again.
func TestSelfRegistration_lost(t *testing.T) {
	t.Parallel()
	for _, kind := range emulator.AllFaultKinds() {
		if kind == emulator.Hang || kind == emulator.HangAfter {
			continue // They take the request timeout.
		}
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t)
			client := connect(t, server, selfRegister(t, server.WebAppURL()))
			server.Inject(emulator.Fault{Kind: kind, PathSuffix: wire.RequestConsumerKeyPath})
			registration, err := client.Register(t.Context(), "app", testSecret)
			posts, consumers := 0, server.Consumers()
			for _, line := range lines(server) {
				if strings.HasPrefix(line, "POST ") {
					posts++
				}
			}
			unknown, isUnknown := errors.AsType[*RegistrationError](err)
			switch kind {
			case emulator.TooManyRequests:
				if err != nil || posts != 2 || len(consumers) != 1 || registration.Consumer.Key != consumers[0].Key {
					t.Errorf("%d requests, %v, the server has %v", posts, err, consumers)
				}
				return
			case emulator.Unauthorized401, emulator.Forbidden403:
				if isUnknown || !errors.Is(err, ErrSessionWanted) || posts != 1 || len(consumers) > 0 {
					t.Errorf("%d requests, %v, the server has %v", posts, err, consumers)
				}
				return
			}
			if !isUnknown || !unknown.NoList || unknown.Name != "app" || posts != 1 || len(consumers) > 1 || registration.Consumer.Key != "" {
				t.Errorf("%d requests, %v, %v, the server has %v", posts, registration, err, consumers)
			}
			if (kind == emulator.Redirect302) != errors.Is(err, ErrSessionWanted) {
				t.Errorf("got %v", err)
			}
			if text := fmt.Sprint(err); strings.Contains(text, testSecret) || strings.Contains(text, "list") {
				t.Errorf("the error is %q", text)
			}
		})
	}
}

func TestSelfRegistration_sessionDemanded(t *testing.T) {
	t.Parallel()
	server := emulator.New(t, func(c *emulator.Config) { c.RegistrationSession = true })
	client := connect(t, server, selfRegister(t, server.WebAppURL()))
	if _, err := client.Register(t.Context(), "a", testSecret); !errors.Is(err, ErrSessionWanted) || len(server.Consumers()) > 0 {
		t.Errorf("got %v", err)
	}
	if _, err := client.Register(t.Context(), "b", testSecret); !errors.Is(err, ErrNotUnderstood) {
		t.Errorf("the second one: %v", err)
	}
}

// The secret goes to a configured host alone, and never to http after https.
func TestSelfRegistration_target(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url  string
		kind error
		text string
	}{
		"the site":         {"https://twcloud.example.com:9443/other/register?a=1", nil, ""},
		"another host":     {"https://elsewhere.example.com/register", ErrUnreadable, "away from the site"},
		"http after https": {"http://twcloud.example.com/register", ErrUnreadable, "read with https"},
		"none":             {"", ErrUnsupported, "jfs:oauthRequestConsumerKeyUrl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			element := ""
			if test.url != "" {
				element = `<jfs:oauthRequestConsumerKeyUrl rdf:resource="` + test.url + `"/>`
			}
			root := `<rdf:Description xmlns:rdf="` + wire.RDFNamespace + `" xmlns:jfs="` + wire.JFSNamespace + `">` + element +
				`<jfs:oauthRequestTokenUrl rdf:resource="https://twcloud.example.com:8443/token"/></rdf:Description>`
			var posted []string
			client := fakeClient(t, transportFunc(func(request *http.Request) (*http.Response, error) {
				dial(request, true)
				if request.Method == http.MethodGet {
					return document(root)(request)
				}
				posted = append(posted, request.URL.String())
				if len(request.Cookies()) > 0 || request.Header.Get("Authorization") != "" {
					t.Error("the request has a session")
				}
				return reply(http.StatusOK, `{"key":"k"}`, "Content-Type", "application/json"), nil
			}), selfRegister(t, "https://twcloud.example.com:8443"))
			registration, err := client.Register(t.Context(), "a", testSecret)
			if test.kind == nil {
				if err != nil || registration.Consumer != (Consumer{Key: "k", Name: "a"}) || !slices.Equal(posted, []string{test.url}) {
					t.Errorf("got %v, %v, sent to %q", registration, err, posted)
				}
				return
			}
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) || Uncertain(err) || len(posted) > 0 {
				t.Errorf("got %v, sent to %q", err, posted)
			}
		})
	}
}

// A profile that also lists registers in this way, too, and looks at the list.
func TestSelfRegistration_withList(t *testing.T) {
	t.Parallel()
	own := ownProfile()
	own.Calls.Register = profile.Named(profile.SelfRegistration).Calls.Register
	server := emulator.New(t, func(c *emulator.Config) { c.Profile = own })
	client := connect(t, server, func(o *Options) { o.Profile = own })
	server.Inject(emulator.Fault{Kind: emulator.DropAfter, Times: 1, PathSuffix: wire.RequestConsumerKeyPath})
	registration, err := client.Register(t.Context(), "a", testSecret)
	if consumers := server.Consumers(); err != nil || registration.Adopted == nil || len(consumers) != 1 || registration.Consumer.Key != consumers[0].Key {
		t.Errorf("got %v, %v, the server has %v", registration, err, consumers)
	}
}
