//go:build unix

package process

import (
	"maps"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// count counts requests by kind.
func count(requests []twcloudtest.Request) map[string]int {
	counts := map[string]int{}
	for _, request := range requests {
		collection := request.Path == wire.DefaultOAuthConsumersPath
		kind := request.Method + " " + request.Path
		switch {
		case request.Path == wire.LoginPath:
			kind = "login"
		case request.Path == wire.LogoutPath:
			kind = "logout"
		case collection && request.Method == "GET":
			kind = "list"
		case request.Method == "GET" && strings.HasPrefix(request.Path, wire.DefaultOAuthConsumersPath+"/"):
			kind = "read"
		case collection && request.Method == "POST":
			kind = "register"
		case request.Method == "PATCH":
			kind = "update"
		case request.Method == "DELETE":
			kind = "remove"
		}
		counts[kind]++
	}
	return counts
}

// TestAccRequestCounts limits what each command may send. It applies saved plans,
// so that at most one process of each command calls the server.
func TestAccRequestCounts(t *testing.T) {
	t.Parallel()
	const (
		size       = 25
		concurrent = 4
		renamed    = 3
		dataSource = `
data "twcloud_oauth_consumers" "all" {}

data "twcloud_oauth_consumer" "one" {
  name = "consumer-7"
}
`
	)
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, size, "")
	config := strings.Replace(configuration(size, "max_concurrent_requests = 4"), `"consumer-${count.index}"`,
		`"${count.index < var.renamed ? "renamed" : "consumer"}-${count.index}"`, 1) + "\nvariable \"renamed\" { default = 0 }\n"

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
		{command: "apply saved", want: map[string]int{"list": 1, "register": size, "update": size}},
		{command: "validate"},
		{command: "plan -detailed-exitcode", want: map[string]int{"list": 1}},
		{command: "plan -detailed-exitcode", more: dataSource, want: map[string]int{"list": 1}},
		{command: "plan -refresh=false -detailed-exitcode"},
		{command: "plan -refresh=false -var renamed=3"},
		{command: "apply -refresh-only -auto-approve", want: map[string]int{"list": 1}},
		{command: "plan -out=saved -var renamed=3", want: map[string]int{"list": 1}},
		{command: "apply saved", want: map[string]int{"update": renamed}, mayList: true},
		{command: "plan -destroy -out=saved -var renamed=3", want: map[string]int{"list": 1}},
		// The first removal of a process is verified, and the others are not.
		{command: "apply saved", want: map[string]int{"remove": size, "read": 1}, mayList: true},
	} {
		if err := w.Write("main.tf", config+step.more); err != nil {
			t.Fatal(err)
		}
		server.ResetRequests()
		before := server.Connections()
		w.run(t, strings.Fields(step.command)...)

		want := maps.Clone(step.want)
		if want == nil {
			want = map[string]int{}
		} else {
			want["login"], want["logout"] = 1, 1
		}
		got := count(server.Requests())
		if step.mayList && got["list"] == 1 {
			want["list"] = 1
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the server got %v, want %v", step.command, got, want)
		}
		if connections, inFlight := server.Connections()-before, server.MaxInFlight(); connections > concurrent || inFlight > concurrent {
			t.Errorf("%s: %d connections, %d requests at a time; want at most %d", step.command, connections, inFlight, concurrent)
		}
		if open := server.OpenSessions(); open != 0 {
			t.Errorf("%s: %d sessions are open", step.command, open)
		}
	}
}
