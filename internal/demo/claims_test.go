package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// onTour returns a guide with a server and without a CLI, and what is told.
func onTour(t *testing.T) (*guide, *strings.Builder) {
	t.Helper()
	var told strings.Builder
	g := &guide{tell: newNarrator(&told, false), server: twcloudtest.New(t)}
	g.secret = g.anotherSecret()
	return g, &told
}

func TestClaim(t *testing.T) {
	t.Parallel()
	g, told := onTour(t)
	if err := g.claim(nil, "It is %s", "so"); err != nil {
		t.Errorf("error %v, want none", err)
	}
	problem := errors.New("no, it is otherwise")
	err := g.claim(problem, "It is %s", "not so")
	if !errors.Is(err, problem) || err.Error() != "not as told: It is not so: no, it is otherwise" {
		t.Errorf("error %v, want one that tells claim and problem", err)
	}
	// Whoever interrupts is not told that something was wrong.
	if err := g.claim(context.Canceled, "It is broken off"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
	if want := " ✓ It is so\n ✗ It is not so\n"; told.String() != want {
		t.Errorf("told %q, want %q", told.String(), want)
	}
}

func TestAsConfigured(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*twcloudtest.Consumer)
		problem string
	}{
		"as configured": {change: func(*twcloudtest.Consumer) {}},
		"name":          {change: func(c *twcloudtest.Consumer) { c.Name = "other" }, problem: `the name is "other", not "DOORS Next"`},
		"approval":      {change: func(c *twcloudtest.Consumer) { c.Approved = false }, problem: "approved is false, not true"},
		"secret":        {change: func(c *twcloudtest.Consumer) { c.Secret = "other-secret" }, problem: "the secret is another one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := onTour(t)
			g.key = g.server.AddConsumer(twcloudtest.Consumer{Name: consumerName, Secret: g.secret, Approved: true}).Key
			g.server.UpdateConsumer(g.key, test.change)
			problem := ""
			if err := g.asConfigured(); err != nil {
				problem = err.Error()
			}
			if problem != test.problem {
				t.Errorf("problem %q, want %q", problem, test.problem)
			}
		})
	}
}

func TestAsConfigured_count(t *testing.T) {
	t.Parallel()
	g, _ := onTour(t)
	if err := g.asConfigured(); err == nil {
		t.Error("no consumer at all is as configured")
	}
	g.key = g.server.AddConsumer(twcloudtest.Consumer{Name: consumerName, Secret: g.secret, Approved: true}).Key
	g.server.AddConsumer(twcloudtest.Consumer{Name: consumerName, Secret: g.secret, Approved: true})
	if err := g.asConfigured(); err == nil {
		t.Error("two consumers are as configured")
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	got := changes([]twcloudtest.Request{
		{Server: twcloudtest.REST, Method: http.MethodGet, Path: "/osmc/login"},
		{Server: twcloudtest.REST, Method: http.MethodPost, Fields: []string{"name", "secret"}},
		{Server: twcloudtest.REST, Method: http.MethodPatch, Fields: []string{"approved"}},
		{Server: twcloudtest.WebApp, Method: http.MethodPost},
		{Server: twcloudtest.REST, Method: http.MethodDelete},
	})
	if want := []string{"POST name, secret", "PATCH approved", "DELETE"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSent(t *testing.T) {
	t.Parallel()
	g, _ := onTour(t)
	g.begin("Nothing happens")
	if g.sent() == nil {
		t.Error("a chapter without any request is as told")
	}
	g.key = "unknown"
	if err := g.signsIn(t.Context(), g.secret, http.StatusUnauthorized); err != nil {
		t.Fatal(err)
	}
	if err := g.sent(); err != nil {
		t.Errorf("a request for a token is no change: %v", err)
	}
	if g.sent("PATCH secret") == nil {
		t.Error("a change that was not sent is as told")
	}
}

func TestSignsIn(t *testing.T) {
	t.Parallel()
	g, _ := onTour(t)
	g.key = g.server.AddConsumer(twcloudtest.Consumer{Name: consumerName, Secret: g.secret, Approved: true}).Key
	if err := g.signsIn(t.Context(), g.secret, http.StatusOK); err != nil {
		t.Errorf("with the right secret: %v", err)
	}
	if err := g.signsIn(t.Context(), "wrong", http.StatusUnauthorized); err != nil {
		t.Errorf("with a wrong secret: %v", err)
	}
	if err := g.signsIn(t.Context(), "wrong", http.StatusOK); err == nil || strings.Contains(err.Error(), g.secret) {
		t.Errorf("error %v, want one without the secret", err)
	}
	if err := g.signsIn(t.Context(), g.secret, http.StatusUnauthorized); err == nil {
		t.Error("no error, though a token is given")
	}
	g.server.Close()
	if err := g.signsIn(t.Context(), g.secret, http.StatusUnauthorized); err == nil {
		t.Error("a server that cannot be reached is taken for one that refuses")
	}
}

func TestInState(t *testing.T) {
	t.Parallel()
	g, _ := onTour(t)
	g.work = &workspace{dir: t.TempDir()}
	if g.inState("key") == nil {
		t.Error("the key is in a state that is not there")
	}
	state := filepath.Join(g.work.dir, "terraform.tfstate")
	write(t, state, `{"version":4,"resources":[{"instances":[{"attributes":{"key":"key"}}]}]}`)
	if err := g.inState("key"); err != nil {
		t.Error(err)
	}
	if g.inState("other") == nil {
		t.Error("another key is in state")
	}
	write(t, state, `{"version":4,"resources":[]}`)
	if g.inState("") == nil {
		t.Error("no key is in an empty state")
	}
}
