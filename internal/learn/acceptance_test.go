package learn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

func TestMain(m *testing.M) { terraformtest.Main(m) }

// TestAccLearned runs a real Terraform with each learned profile, on a server
// that speaks the dialect: apply, empty plan, drift, rotation, import, list and
// destroy. RECORDING and DIALECT choose one.
func TestAccLearned(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	if recording := os.Getenv("RECORDING"); recording != "" {
		files[os.Getenv("DIALECT")] = recording
	} else {
		for _, file := range recordings(t) {
			files[strings.TrimSuffix(filepath.Base(file), ".har")] = file
		}
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newDialectServer(t, name)
			server.AddConsumer(emulator.Consumer{Name: "by hand", Secret: "x", Approved: true})
			w := &learnedWorkspace{terraformtest.New(t, server)}
			entries, err := read(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			document := Learn(entries, Credentials{}).Profile
			w.WriteFile(t, "profile.json", string(document))
			w.Setenv("TWCLOUD_API_PROFILE_FILE="+filepath.Join(w.Dir, "profile.json"), "TWCLOUD_AUTHENTICATION_ENDPOINT="+server.AuthenticationURL())
			if learned, _ := profile.Parse(document); learned.SignIn != nil && learned.SignIn.By == profile.ByToken {
				w.Setenv("TWCLOUD_TOKEN="+emulator.AdminToken, "TWCLOUD_USERNAME=", "TWCLOUD_PASSWORD=")
			}
			w.live(t)
		})
	}
}

// newDialectServer starts a server that speaks the dialect of a recording. Three
// consumers are more than one page.
func newDialectServer(t *testing.T, name string) *emulator.Server {
	t.Helper()
	return emulator.New(t, func(c *emulator.Config) {
		c.ValidateContract, c.PageSize = false, 2
		if name == "assumed" {
			return
		}
		if err := c.SetDialect(name); err != nil {
			t.Fatal(err)
		}
	})
}

type learnedWorkspace struct{ *terraformtest.Workspace }

const learnedConfig = `
terraform {
  required_providers {
    twcloud = { source = "twcloud-community/twcloud" }
  }
}

resource "twcloud_oauth_consumer" "stored" {
  name     = "stored & \"odd\"/"
  secret   = "%[1]s&=\"/stored"
  approved = %[2]t
}

resource "twcloud_oauth_consumer" "stored_too" {
  name   = "stored too"
  secret = "%[1]s-too"
}

data "twcloud_oauth_consumers" "all" {
  depends_on = [twcloud_oauth_consumer.stored, twcloud_oauth_consumer.stored_too]
}

output "count" { value = length(data.twcloud_oauth_consumers.all.consumers) }
`

// live is a user's life with two consumers.
func (w *learnedWorkspace) live(t *testing.T) {
	w.config(t, "first", true)
	w.MustExit(t, 0, "apply", "-auto-approve")
	w.MustExit(t, 0, "plan", "-detailed-exitcode")
	if count := strings.TrimSpace(w.MustExit(t, 0, "output", "-raw", "count")); count != "3" {
		t.Errorf("the data source has %s consumers, want 3", count)
	}

	key := w.onServer(t, "first", true)
	w.Server.UpdateConsumer(key, func(c *emulator.Consumer) { c.Approved, c.Name = false, "renamed by hand" })
	w.MustExit(t, 2, "plan", "-detailed-exitcode")
	w.MustExit(t, 0, "apply", "-auto-approve")
	w.onServer(t, "first", true)

	w.config(t, "second", false)
	w.MustExit(t, 0, "apply", "-auto-approve")
	w.onServer(t, "second", false)

	w.MustExit(t, 0, "state", "rm", "twcloud_oauth_consumer.stored")
	w.MustExit(t, 0, "import", "twcloud_oauth_consumer.stored", key)
	w.MustExit(t, 0, "apply", "-auto-approve")
	if now := w.onServer(t, "second", false); now != key {
		t.Errorf("the key was %q and is %q", key, now)
	}

	w.MustExit(t, 0, "destroy", "-auto-approve")
	if left := w.Server.Consumers(); len(left) != 1 || left[0].Name != "by hand" {
		t.Errorf("left on the server: %+v", left)
	}
}

func (w *learnedWorkspace) config(t *testing.T, secret string, approved bool) {
	t.Helper()
	w.WriteFile(t, "main.tf", fmt.Sprintf(learnedConfig, secret, approved))
}

// onServer fails unless the server has what is configured. It returns the key of
// the first resource.
func (w *learnedWorkspace) onServer(t *testing.T, secret string, approved bool) (key string) {
	t.Helper()
	want := map[string]emulator.Consumer{
		"by hand":         {Secret: "x", Approved: true},
		`stored & "odd"/`: {Secret: secret + `&="/stored`, Approved: approved},
		"stored too":      {Secret: secret + "-too"},
	}
	got := map[string]emulator.Consumer{}
	all := w.Server.Consumers()
	for _, one := range all {
		if one.Name == `stored & "odd"/` {
			key = one.Key
		}
		got[one.Name] = emulator.Consumer{Secret: one.Secret, Approved: one.Approved}
	}
	if difference := cmp.Diff(want, got); difference != "" || len(all) != 3 {
		t.Errorf("%d consumers on the server: %s", len(all), difference)
	}
	return key
}
