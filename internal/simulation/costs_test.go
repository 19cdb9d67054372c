package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCosts holds the requests of each run to what the guide on sessions says.
func TestCosts(t *testing.T) {
	t.Parallel()
	_, trace := faultFree(t)
	sent := map[string][]string{}
	for _, l := range trace {
		run := l.step + " " + l.process
		sent[run] = append(sent[run], fmt.Sprintf("%s %s", l.method, l.target))
	}
	plan := []string{"GET list", "GET login", "GET logout"}
	for run, changes := range map[string][]string{
		"create":  {"GET list", "POST alpha", "PATCH alpha", "POST beta", "POST gamma", "PATCH gamma"},
		"change":  {"PATCH alpha", "PATCH beta", "PATCH gamma"},
		"destroy": {"DELETE alpha", "DELETE beta", "DELETE twin", "DELETE twin"},
	} {
		want := append([]string{"GET login", "GET logout"}, changes...)
		for process, want := range map[string][]string{"plan": plan, "apply": want} {
			got := sent[run+" "+process]
			if run == "destroy" && process == "apply" {
				// The first removal is looked at, whichever it is.
				before := len(got)
				got = slices.DeleteFunc(got, func(request string) bool {
					return strings.HasPrefix(request, "GET ") && request != "GET login" && request != "GET logout"
				})
				if before-len(got) != 1 {
					t.Errorf("destroy looks at %d removals, want one", before-len(got))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s of %s: %q, want %q", process, run, got, want)
			}
		}
	}
}
