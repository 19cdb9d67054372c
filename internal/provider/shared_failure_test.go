package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	// manyConsumers is how many resources share a failure in these tests.
	manyConsumers = 50
	// shortLines is how long the detail of a resource may be that refers to an error
	// which has been reported before.
	shortLines = 3
)

// manyOf is a resource with many instances.
func manyOf(name string) string {
	return consumer(fmt.Sprintf("count = %d", manyConsumers), fmt.Sprintf(`name = "%s-${count.index}"`, name), `secret = "s3cret"`)
}

// expectReportedOnce fails unless one error explains the cause and all others name
// their resource and refer to it. Each resource must say all of what is specific.
func (r report) expectReportedOnce(t *testing.T, cause, subject string, specific ...string) {
	t.Helper()
	var full int
	named := map[string]bool{}
	for _, d := range r.Diagnostics {
		if d.Severity != "error" {
			continue
		}
		lines := strings.Split(d.Detail, "\n")
		switch {
		case d.Summary == cause:
			full++
		case len(lines) > shortLines:
			t.Errorf("want at most %d lines, got %s", shortLines, d)
		case !strings.Contains(d.Detail, fmt.Sprintf("failed: see the error %q", cause)):
			t.Errorf("does not refer to %q: %s", cause, d)
		}
		for _, words := range specific {
			if !strings.Contains(d.Detail, words) {
				t.Errorf("does not say %q: %s", words, d)
			}
		}
		for i := range manyConsumers {
			if strings.Contains(d.Detail, fmt.Sprintf("%q", fmt.Sprintf("%s-%d", subject, i))) {
				named[fmt.Sprint(i)] = true
			}
		}
	}
	if full != 1 || len(named) != manyConsumers {
		t.Errorf("%d errors explain %q and %d resources are named, want 1 and %d:\n%s", full, cause, len(named), manyConsumers, r.Output)
	}
}

func TestAccProvider_sharedFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fail func(*testing.T, *harness) []string
		// unreachable takes the place of the server's address.
		unreachable bool
		cause       string
		// refused says that the plan of new consumers fails. Otherwise it warns, and
		// the apply fails.
		refused bool
		// reads are the only requests that a plan sends, if they are given.
		reads map[string]int
	}{
		"wrong password": {
			fail:    signedInAs(`username = "admin"`, `password = "wrong-password"`),
			cause:   "Unable to sign in to Teamwork Cloud",
			refused: true,
			reads:   map[string]int{"GET /login": 1},
		},
		"server unreachable": {
			fail:        signedInAs(asAdmin),
			unreachable: true,
			cause:       "Unable to reach Teamwork Cloud",
		},
		"unreadable list": {
			fail:  always(twcloudtest.Fault{Kind: twcloudtest.BadJSON}),
			cause: "Unable to list OAuth consumers",
		},
		"permission missing": {
			fail:    signedInAs(asViewer),
			cause:   "Unable to list OAuth consumers",
			refused: true,
		},
		"hung server": {
			fail: func(t *testing.T, h *harness) []string {
				t.Helper()
				return append(always(twcloudtest.Fault{Kind: twcloudtest.Hang})(t, h), `request_timeout = "100ms"`, "max_retries = 2")
			},
			cause: "Unable to reach Teamwork Cloud",
			// One list serves all resources: it is tried three times.
			reads: map[string]int{"GET /login": 1, "GET " + collection: 3, "GET /logout": 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			old := h.workspace(t)
			old.apply(t, h.config(manyOf("doors"))).expectNone(t)

			arguments := append(test.fail(t, h), "endpoint = "+quote(h.server.URL()))
			if test.unreachable {
				arguments[len(arguments)-1] = "endpoint = " + quote("http://"+closedPort(t))
			}
			failing := providerBlock(arguments...)
			h.requests()
			old.planFails(t, failing+manyOf("doors")).expectReportedOnce(t, test.cause, "doors")
			if sent := h.counts(); test.reads != nil && fmt.Sprint(sent) != fmt.Sprint(test.reads) {
				t.Errorf("planning sent %v, want %v", sent, test.reads)
			}

			fresh := h.workspace(t)
			if !test.refused {
				fresh.plan(t, failing+manyOf("gates")).expect(t, "warning", "Could not check for existing consumers")
			}
			h.requests()
			fresh.applyFails(t, failing+manyOf("gates")).expectReportedOnce(t, test.cause, "gates", "Nothing was registered.")
			if writes := h.writes(); len(writes) > 0 {
				t.Errorf("sent %q", writes)
			}
		})
	}
}

// counts counts what was sent since the last call, by request.
func (h *harness) counts() map[string]int {
	counts := map[string]int{}
	for _, line := range h.requests() {
		counts[line]++
	}
	return counts
}

// TestAccProvider_ownFailures is about failures that look the same for every
// resource, but concern each of them: each is reported in full.
func TestAccProvider_ownFailures(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.apply(t, h.config(manyOf("doors"))).expectNone(t)
	h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.Forbidden403, Method: http.MethodPatch, Times: -1})
	failed := w.applyFails(t, h.config(manyOf("gates")))
	if len(failed.Diagnostics) != manyConsumers {
		t.Errorf("want %d errors, got %d", manyConsumers, len(failed.Diagnostics))
	}
	for _, d := range failed.Diagnostics {
		for _, words := range []string{"Setting the name (to ", "403 Forbidden", "Configure Server permission", "Nothing was changed."} {
			if !strings.Contains(d.Detail, words) {
				t.Errorf("does not say %q: %s", words, d)
			}
		}
	}
}
