package docs_test

import (
	"testing"
)

// TestAccModule runs the tests that the module of the examples brings along: those
// with a mocked provider, and those with a server.
func TestAccModule(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "examples/modules/oauth-consumers")
	w.mustRun(t, "validate")
	wantWords(t, w.mustRun(t, "test", "-filter=tests/mocked.tftest.hcl"), "2 passed, 0 failed.")
	if requests := w.server.Requests(); len(requests) > 0 {
		t.Errorf("the tests with a mocked provider have called the server: %v", requests)
	}
	wantWords(t, w.mustRun(t, "test", "-filter=tests/server.tftest.hcl"), "3 passed, 0 failed.")
	w.onServer(t, nil)
}
