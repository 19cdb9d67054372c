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
			if process == "apply" {
				// The first removal is looked at, whichever it is, and the first registration,
				// unless it is approved.
				before := len(got)
				got = slices.DeleteFunc(got, func(request string) bool {
					return strings.HasPrefix(request, "GET ") && !slices.Contains([]string{"GET login", "GET logout", "GET list"}, request)
				})
				if looks := before - len(got); looks > 1 || run == "destroy" && looks != 1 || run == "change" && looks != 0 {
					t.Errorf("%s asks for %d consumers", run, looks)
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
