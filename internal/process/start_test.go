//go:build unix

package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// TestStart limits what a package allocates before main: Terraform starts the
// provider several times for each plan.
func TestStart(t *testing.T) {
	t.Parallel()
	const limit = 200_000
	command := exec.CommandContext(t.Context(), terraformtest.Provider(t), "-version")
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	counted := 0
	for line := range strings.Lines(string(output)) {
		// init internal/bytealg @0.008 ms, 0 ms clock, 0 bytes, 0 allocs
		var (
			name      string
			at, clock float64
			bytes     int
		)
		if _, err := fmt.Sscanf(line, "init %s @%g ms, %g ms clock, %d bytes", &name, &at, &clock, &bytes); err != nil {
			continue
		}
		counted++
		if bytes > limit {
			t.Errorf("%s allocates %d bytes when the provider starts, want at most %d", name, bytes, limit)
		}
	}
	if counted < 10 {
		t.Errorf("%d packages found in:\n%s", counted, output)
	}
}
