package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	guardedSize       = 25
	guardedConcurrent = 4
	guardedPlan       = "saved.tfplan"
)

// TestAccRequestCounts holds what the provider may cost the server: counts, not
// times. It runs the provider as it is released, under a real Terraform. Plans
// are saved and then applied, so that each command has one process that calls the
// server, at most.
func TestAccRequestCounts(t *testing.T) {
	t.Parallel()
	terraform, built := prepare(t)
	server := twcloudtest.New(t)
	work, err := newWorkspace(t.TempDir(), terraform, built.shim, program{path: built.provider, source: provided})
	if err != nil {
		t.Fatal(err)
	}
	config := strings.Replace(configuration(ours, server.URL(), guardedSize, storedSecret),
		"  username", "  max_concurrent_requests = 4\n  username", 1)
	config = strings.Replace(config, "count.index == 0 ? var.first :", "count.index < var.renamed ? format(\"renamed-%d\", count.index) :", 1) +
		"\nvariable \"renamed\" { default = 0 }\n"
	withData := config + `
data "twcloud_oauth_consumers" "all" {}

data "twcloud_oauth_consumer" "one" {
  name = "consumer-00007"
}
`
	const renamed = 3
	rename := []string{"-var", "renamed=3"}

	// The steps follow on one another: each finds what the one before has left.
	steps := []struct {
		name      string
		config    string
		command   string
		arguments []string
		want      traffic
		// moreLists is how many lists there may be besides.
		moreLists int
	}{
		{name: "validate", command: "validate"},
		{
			// A name that is there already is warned of.
			name: "plan to create", command: "plan", arguments: []string{"-out", guardedPlan},
			want: traffic{lists: 1},
		},
		{
			name: "create with approval", command: "apply", arguments: []string{guardedPlan},
			want: traffic{lists: 1, registrations: guardedSize, updates: guardedSize},
		},
		{name: "validate what is there", command: "validate"},
		{name: "no change", command: "plan", arguments: []string{"-detailed-exitcode"}, want: traffic{lists: 1}},
		{
			name: "no change, with data sources", config: withData, command: "plan", arguments: []string{"-detailed-exitcode"},
			want: traffic{lists: 1},
		},
		{name: "no change, without refresh", command: "plan", arguments: []string{"-refresh=false", "-detailed-exitcode"}},
		{name: "changes, without refresh", command: "plan", arguments: append([]string{"-refresh=false"}, rename...)},
		{name: "refresh only", command: "apply", arguments: []string{"-refresh-only", "-auto-approve"}, want: traffic{lists: 1}},
		{
			name: "plan changes", command: "plan", arguments: append([]string{"-out", guardedPlan}, rename...),
			want: traffic{lists: 1},
		},
		{
			name: "apply changes", command: "apply", arguments: []string{guardedPlan},
			want: traffic{updates: renamed}, moreLists: 1,
		},
		{
			name: "plan to destroy", command: "plan", arguments: append([]string{"-destroy", "-out", guardedPlan}, rename...),
			want: traffic{lists: 1},
		},
		{
			name: "destroy", command: "apply", arguments: []string{guardedPlan},
			want: traffic{removals: guardedSize}, moreLists: 1,
		},
	}
	for _, step := range steps {
		if step.config == "" {
			step.config = config
		}
		if err := work.configure(step.config); err != nil {
			t.Fatal(err)
		}
		server.ResetRequests()
		before := server.Connections()
		if _, err := work.run(t.Context(), step.command, step.arguments...); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := trafficOf(server.Requests())

		// Whoever has something to ask signs in once, and out again.
		want := step.want
		if want.requests() > 0 {
			want.logins, want.logouts = 1, 1
		}
		if got.lists > want.lists && got.lists <= want.lists+step.moreLists {
			want.lists = got.lists
		}
		if got != want {
			t.Errorf("%s: the server got %s; want %s", step.name, got, want)
		}
		if connections := server.Connections() - before; connections > guardedConcurrent {
			t.Errorf("%s: %d connections, want %d at most", step.name, connections, guardedConcurrent)
		}
		if inFlight := server.MaxInFlight(); inFlight > guardedConcurrent {
			t.Errorf("%s: %d requests at a time, want %d at most", step.name, inFlight, guardedConcurrent)
		}
		if open := len(server.Sessions()); open != 0 {
			t.Errorf("%s: %d sessions have been left open", step.name, open)
		}
	}
	if _, err := os.Stat(filepath.Join(work.dir, guardedPlan)); err != nil {
		t.Error(err)
	}
}
