//go:build unix

package process

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// TestAccRequestCounts limits what each command may send. It applies saved plans,
// so that at most one process of each command calls the server.
func TestAccRequestCounts(t *testing.T) {
	t.Parallel()
	const (
		size       = 25
		concurrent = 4
		renamed    = 3
		provider   = "max_concurrent_requests = 4"
		dataSource = `
data "twcloud_oauth_consumers" "all" {}

data "twcloud_oauth_consumer" "one" {
  name = "consumer-7"
}
`
	)
	server := emulator.New(t)
	w := newWorkspace(t, server, size, provider)

	// Each step starts from what the one before has left.
	for _, step := range []struct {
		command string
		more    string
		want    map[string]int
		// mayList allows one list more.
		mayList bool
	}{
		{command: "validate"},
		// It warns of names that already exist.
		{command: "plan -out=saved", want: map[string]int{"list": 1}},
		// The first registration of a process is read back, and so is the first removal.
		{command: "apply saved", want: map[string]int{"list": 1, "register": size, "read": 1, "approve": size}},
		{command: "validate"},
		{command: "plan -detailed-exitcode", want: map[string]int{"list": 1}},
		{command: "plan -detailed-exitcode", more: dataSource, want: map[string]int{"list": 1}},
		{command: "plan -refresh=false -detailed-exitcode"},
		{command: "plan -refresh=false -var renamed=3"},
		{command: "apply -refresh-only -auto-approve", want: map[string]int{"list": 1}},
		{command: "plan -out=saved -var renamed=3", want: map[string]int{"list": 1}},
		{command: "apply saved", want: map[string]int{"rename": renamed}, mayList: true},
		{command: "plan -destroy -out=saved -var renamed=3", want: map[string]int{"list": 1}},
		{command: "apply saved", want: map[string]int{"remove": size, "read": 1}, mayList: true},
	} {
		if err := w.Write("main.tf", configuration(size, provider)+step.more); err != nil {
			t.Fatal(err)
		}
		server.ResetRequests()
		before := server.Connections()
		w.run(t, strings.Fields(step.command)...)

		got := map[string]int{}
		for _, request := range server.Requests() {
			got[cmp.Or(request.Call, path.Base(request.Path))]++
		}
		want := map[string]int{}
		if step.want != nil {
			want = maps.Clone(step.want)
			want["login"], want["logout"] = 1, 1
		}
		if step.mayList && got["list"] == 1 {
			want["list"] = 1
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the server got %v, want %v", step.command, got, want)
		}
		// net/http opens a connection while another one is about to become idle.
		if connections, inFlight := server.Connections()-before, server.MaxInFlight(); connections > 2*concurrent || inFlight > concurrent {
			t.Errorf("%s: %d connections, %d requests at a time; want at most %d at a time", step.command, connections, inFlight, concurrent)
		}
		if open := server.OpenSessions(); open != 0 {
			t.Errorf("%s: %d sessions are open", step.command, open)
		}
	}
}

// TestAccRequestCounts_selfRegistration: a plan of consumers that nobody can list sends
// one signed request for each, and no other.
func TestAccRequestCounts_selfRegistration(t *testing.T) {
	t.Parallel()
	const (
		size       = 25
		concurrent = 4
	)
	server := emulator.New(t)
	w := terraformtest.New(t, server)
	provider := "max_concurrent_requests = 4\n  api_profile = \"self-registration\""
	w.WriteFile(t, "main.tf", strings.Replace(configuration(size, provider), "  approved = true\n", "", 1))
	w.Env = slices.DeleteFunc(w.Env, func(variable string) bool {
		return strings.HasPrefix(variable, "TWCLOUD_") && !strings.HasPrefix(variable, "TWCLOUD_WEBAPP_ENDPOINT=")
	})
	run := &workspace{w}
	for _, step := range []struct {
		command   string
		processes int
		want      map[string]int
	}{
		{"plan -out=saved", 0, nil},
		// One proof is that of the first new consumer.
		{"apply saved", 1, map[string]int{"register": size, "request_token": 1}},
		{"plan -detailed-exitcode", 1, map[string]int{"request_token": size}},
		{"plan -detailed-exitcode -refresh=false", 1, map[string]int{"request_token": size}},
		// Terraform refreshes in a process of its own.
		{"plan -destroy -out=saved", 2, map[string]int{"request_token": 2 * size}},
		{"apply saved", 1, map[string]int{"request_token": size}},
	} {
		server.ResetRequests()
		run.run(t, strings.Fields(step.command)...)
		got := map[string]int{}
		for _, request := range server.Requests() {
			got[path.Base(request.Path)]++
		}
		documents := got["rootservices"]
		if delete(got, "rootservices"); documents != step.processes || !maps.Equal(got, step.want) {
			t.Errorf("%s: the server got %v and %d root services documents, want %v", step.command, got, documents, step.want)
		}
		if inFlight := server.MaxInFlight(); inFlight > concurrent {
			t.Errorf("%s: %d requests at a time, want at most %d", step.command, inFlight, concurrent)
		}
	}
	if server.SessionsOpened() > 0 || len(server.Consumers()) != size {
		t.Errorf("%d sessions, %d consumers", server.SessionsOpened(), len(server.Consumers()))
	}
}
