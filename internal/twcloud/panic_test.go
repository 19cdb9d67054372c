package twcloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// panicking is a transport that panics in the place of the response to a request.
type panicking struct {
	http.RoundTripper
	request string // the end of method and path
}

func (p *panicking) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := p.RoundTripper.RoundTrip(request)
	if strings.HasSuffix(request.Method+" "+request.URL.Path, p.request) {
		_ = response.Body.Close()
		panic("canary " + emulator.AdminToken)
	}
	return response, err
}

func TestPanicLosesNothing(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	posting := connect(t, server, func(o *Options) {
		o.Transport, o.MaxConcurrentRequests = &panicking{&http.Transport{}, "POST /osmc/admin/oauthconsumers"}, 1 // The slot must be given back.
	})
	registration, err := posting.Register(t.Context(), "doors", testSecret)
	if !errors.Is(err, ErrPanic) || registration.Consumer.Key == "" || strings.Contains(err.Error(), emulator.AdminToken) {
		t.Fatalf("registered %v: %v", registration, err)
	}
	if err := posting.Close(); err != nil {
		t.Error(err)
	}
	listing := connect(t, server, func(o *Options) { o.Transport = &panicking{&http.Transport{}, "GET /osmc/admin/oauthconsumers"} })
	if _, err := listing.List(t.Context()); !errors.Is(err, ErrPanic) {
		t.Errorf("got %v", err)
	}
	if err := listing.Close(); err != nil {
		t.Error(err)
	}
	discovering := connect(t, server, func(o *Options) {
		o.WebAppEndpoint, o.Transport = mustParseURL(t, server.WebAppURL()), &panicking{&http.Transport{}, "GET " + wire.RootServicesPath}
	})
	if _, err := discovering.OAuthEndpoints(t.Context()); !errors.Is(err, ErrPanic) || strings.Contains(err.Error(), emulator.AdminToken) {
		t.Errorf("got %v", err)
	}
	patching := connect(t, server, func(o *Options) {
		o.Transport = &panicking{&http.Transport{}, "PATCH /osmc/admin/oauthconsumers/" + registration.Consumer.Key}
	})
	_, err = patching.Update(t.Context(), registration.Consumer.Key, Changes{Approved: new(true)})
	if !errors.Is(err, ErrPanic) || !Uncertain(err) {
		t.Errorf("got %v", err)
	}
}

// A panic at the sign-out of one server would end the process before the others sign out.
func TestPanicAtSignOut(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client, err := New(testOptions(t, server.URL(), func(o *Options) {
		o.Credentials = Credentials{Token: emulator.AdminToken}
		o.Transport = &panicking{&http.Transport{}, "GET " + wire.LogoutPath}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); !errors.Is(err, ErrPanic) || strings.Contains(err.Error(), emulator.AdminToken) {
		t.Errorf("got %v", err)
	}
}
