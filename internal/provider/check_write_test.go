package provider_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// checkWriting runs check -write.
func (h *harness) checkWriting(ctx context.Context, environment map[string]string) (string, error) {
	var out strings.Builder
	err := h.checkTo(ctx, &out, true, environment)
	return out.String(), err
}

// expectNothingLeft fails if a consumer of a check is on the server and is not
// named in the report with its key, or if another one was changed.
func (h *harness) expectNothingLeft(t *testing.T, report string, before []twcloudtest.Consumer) {
	t.Helper()
	known := map[string]twcloudtest.Consumer{}
	for _, consumer := range before {
		known[consumer.Key] = consumer
	}
	for _, consumer := range h.server.Consumers() {
		was, old := known[consumer.Key]
		switch {
		case old && was != consumer:
			t.Errorf("changed: %+v", consumer)
		case !old:
			t.Errorf("left on the server: %+v", consumer)
		}
		delete(known, consumer.Key)
	}
	if len(known) > 0 {
		t.Errorf("removed: %+v", known)
	}
	if got := h.server.OpenSessions(); got > 0 {
		t.Errorf("%d sessions are left open", got)
	}
	expectNothingPrivate(t, report)
}

func inDialect(t *testing.T, name string) (func(*twcloudtest.Config), map[string]string) {
	t.Helper()
	dialect, err := twcloudtest.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := twcloudtest.DialectJSON(name)
	if err != nil {
		t.Fatal(err)
	}
	return func(config *twcloudtest.Config) { config.Profile = dialect }, withProfile(t, content)
}

func withProfile(t *testing.T, content []byte) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "canary-file.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"TWCLOUD_API_PROFILE_FILE": file}
}

func TestCheckWrite(t *testing.T) {
	t.Parallel()
	h := newChecked(t)
	before := h.server.Consumers()
	report, err := h.checkWriting(t.Context(), nil)
	if err != nil {
		t.Error(err)
	}
	announced := regexp.MustCompile(`registers one consumer, terraform-check-[0-9a-f]{8}\.`)
	if !announced.MatchString(report) {
		t.Error("the report does not announce the consumer")
	}
	for _, want := range []string{
		"built-in", "ok    register       calls.register", `(key "key-`, "ok    read           calls.read", "ok    approve        calls.update",
		"ok    disapprove     calls.update", "ok    rename         calls.update", "ok    set_secret     calls.update",
		"ok    secret         the server accepts the new secret, and refuses the old one", "ok    remove         calls.remove",
		"ok    sign-out", "\n\nThe provider works with this server.\n",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(report, "FAIL") {
		t.Error("the report tells of a failure")
	}
	h.expectNothingLeft(t, report, before)
	if t.Failed() {
		t.Log(report)
	}
}

func TestCheckWrite_dialects(t *testing.T) {
	t.Parallel()
	for _, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			speaking, environment := inDialect(t, name)
			h := newChecked(t, speaking)
			before := h.server.Consumers()

			report, err := h.check(t.Context(), environment)
			h.expectNoTrace(t, report, err, before)
			if err != nil || !strings.Contains(report, "API profile    from a file: ") || !strings.Contains(report, "status 200, application/") {
				t.Errorf("%v\n%s", err, report)
			}
			report, err = h.checkWriting(t.Context(), environment)
			if err != nil || strings.Contains(report, "FAIL") || !strings.Contains(report, "refuses the old one") {
				t.Errorf("%v\n%s", err, report)
			}
			h.expectNothingLeft(t, report, before)
		})
	}
}

// removeNamed removes the one consumer that a check has left, as a person would who
// has read the report.
func (h *harness) removeNamed(t *testing.T, report string) {
	t.Helper()
	named := 0
	for _, consumer := range h.server.Consumers() {
		if strings.Contains(report, fmt.Sprintf("(key %q)", consumer.Key)) || strings.Contains(report, consumer.Name) {
			named++
			h.server.RemoveConsumer(consumer.Key)
		}
	}
	if named != 1 {
		t.Errorf("the report names %d consumers that are on the server", named)
	}
}
