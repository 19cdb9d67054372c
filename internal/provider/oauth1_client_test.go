package provider_test

import (
	"strings"
	"testing"

	"github.com/dghubble/oauth1"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// asksForToken asks for a request token, as an application with this key and secret
// does, with another project's client library.
func (h *harness) asksForToken(t *testing.T, key, secret string) (admitted bool) {
	t.Helper()
	application := oauth1.Config{
		ConsumerKey: key, ConsumerSecret: secret, CallbackURL: "oob", Realm: wire.DefaultOAuthRealm,
		Endpoint: oauth1.Endpoint{RequestTokenURL: h.server.WebAppURL() + wire.RequestTokenPath},
	}
	token, _, err := application.RequestToken()
	if err != nil && !strings.Contains(err.Error(), "401") {
		t.Fatalf("neither admitted nor refused: %v", err)
	}
	return err == nil && token != ""
}

func TestAccOAuthConsumer_admitsApplication(t *testing.T) {
	t.Parallel()
	const awkward = `s3cret & "ü" %2F+=`
	w := newWorkspace(t, func(config *twcloudtest.Config) {
		keys := []string{"a key/with %2F ü", "another"}
		config.NewKey = func() string {
			key := keys[0]
			keys = append(keys[1:], key)
			return key
		}
	})
	var key string
	for _, step := range []struct {
		does      string
		arguments []string
		outside   func()
		secret    string
		refuses   string
		admits    bool
	}{
		{does: "registers", arguments: []string{`name = "doors"`, "secret = " + quote(awkward)}, secret: awkward},
		{does: "approves", arguments: []string{`name = "doors"`, "secret = " + quote(awkward), "approved = true"}, secret: awkward, refuses: "wrong", admits: true},
		{does: "renames", arguments: []string{`name = "doors-next"`, "secret = " + quote(awkward), "approved = true"}, secret: awkward, admits: true},
		{does: "rotates", arguments: []string{`name = "doors-next"`, `secret = "n3w"`, "approved = true"}, secret: "n3w", refuses: awkward, admits: true},
		{
			does: "repairs", arguments: []string{`name = "doors-next"`, `secret = "n3w"`, "approved = true"}, secret: "n3w", refuses: "outside", admits: true,
			outside: func() { w.server.UpdateConsumer(key, func(c *twcloudtest.Consumer) { c.Secret = "outside" }) },
		},
		{does: "disapproves", arguments: []string{`name = "doors-next"`, `secret = "n3w"`}, secret: "n3w"},
		{does: "approves again", arguments: []string{`name = "doors-next"`, `secret = "n3w"`, "approved = true"}, secret: "n3w", admits: true},
	} {
		if step.outside != nil {
			step.outside()
			if w.asksForToken(t, key, step.secret) {
				t.Errorf("before Terraform %s: admitted with a secret that was changed outside", step.does)
			}
		}
		w.apply(t, w.configDetecting(consumer(step.arguments...)))
		key = w.state(t).Attributes.Key
		if got := w.asksForToken(t, key, step.secret); got != step.admits {
			t.Errorf("when Terraform %s: admitted: %t, want %t", step.does, got, step.admits)
		}
		if step.refuses != "" && w.asksForToken(t, key, step.refuses) {
			t.Errorf("when Terraform %s: admitted with the secret %q", step.does, step.refuses)
		}
	}
	w.apply(t, w.config())
	if w.asksForToken(t, key, "n3w") {
		t.Error("admitted although removed")
	}
}
