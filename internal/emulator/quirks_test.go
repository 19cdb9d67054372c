package emulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// life makes every call of the built-in profile, and returns the responses and what
// the server has after each.
func life(t *testing.T, quirk string) (told []string) {
	t.Helper()
	keys := 0
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := emulator.New(t, lenient, func(config *emulator.Config) {
		config.ConsumerQuirk = quirk
		config.NewKey = func() string {
			keys++
			return fmt.Sprintf("key-%d", keys)
		}
		config.Now = func() time.Time { return begin }
	})
	s.AddConsumer(emulator.Consumer{Key: "other", Name: "Other One", Secret: "s"})
	c := signedIn(t, s, emulator.AdminToken)
	const list, one = wire.DefaultOAuthConsumersPath, wire.DefaultOAuthConsumersPath + "/key-1"
	for _, call := range [][3]string{
		{http.MethodGet, list},
		{http.MethodPost, list, `{"name":"Alpha One","secret":"s1"}`},
		{http.MethodGet, list},
		{http.MethodGet, one},
		{http.MethodPatch, one, `{"approved":true}`},
		{http.MethodPatch, one, `{"name":"Beta Two","secret":"s2"}`},
		{http.MethodGet, one},
		{http.MethodPatch, one, `{"approved":false}`},
		{http.MethodDelete, one},
		{http.MethodGet, one},
	} {
		r := c.do(call[0], s.URL()+call[1], call[2])
		told = append(told, fmt.Sprint(call, r.status, r.body, s.Consumers()))
	}
	return told
}

// Each quirk shows, and a server without one is always the same.
func TestConsumerQuirks(t *testing.T) {
	t.Parallel()
	regular := life(t, "")
	if again := life(t, ""); !slices.Equal(regular, again) {
		t.Fatalf("got %q, then %q", regular, again)
	}
	for _, quirk := range emulator.ConsumerQuirks() {
		t.Run(quirk, func(t *testing.T) {
			t.Parallel()
			if slices.Equal(life(t, quirk), regular) {
				t.Error("nothing shows")
			}
		})
	}
	if _, err := emulator.Start(emulator.Config{ConsumerQuirk: "nonsense"}); err == nil || !strings.Contains(err.Error(), "read-404") {
		t.Errorf("an unknown quirk: %v", err)
	}
}
