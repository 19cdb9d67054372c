package main

import (
	"fmt"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// scenario is one command of Terraform's, and what it finds.
type scenario struct {
	name, title string
	arguments   []string

	// fromNothing starts without a state and with an empty server. Otherwise all
	// consumers are in state, and on the server.
	fromNothing bool

	// silent sends no request, so that the server's latency cannot matter: one is
	// enough.
	silent bool

	// slow takes minutes for many consumers.
	slow bool

	// rounds is how often it is run by default.
	rounds int

	// verify finds out whether the server has become what it should.
	verify func(server *twcloudtest.Server, size int) error
}

// firstName is what the first consumer is called after the scenario that changes
// one.
const firstName = "renamed"

func scenarios() []scenario {
	return []scenario{
		{
			name: "plan", title: "no-change plan",
			arguments: []string{"plan", "-detailed-exitcode"},
			rounds:    5,
			verify:    hasAll,
		},
		{
			name: "norefresh", title: "plan -refresh=false",
			arguments: []string{"plan", "-refresh=false", "-detailed-exitcode"},
			silent:    true,
			rounds:    5,
			verify:    hasAll,
		},
		{
			name: "change", title: "apply of one change",
			arguments: []string{"apply", "-auto-approve", "-var", "first=" + firstName},
			rounds:    3,
			verify: func(server *twcloudtest.Server, size int) error {
				if consumer, _ := server.Consumer(consumerKey(0)); consumer.Name != firstName {
					return fmt.Errorf("the first consumer is called %q", consumer.Name)
				}
				return hasAll(server, size)
			},
		},
		{
			name: "create", title: "create all",
			arguments:   []string{"apply", "-auto-approve"},
			fromNothing: true,
			slow:        true,
			rounds:      3,
			verify:      hasAll,
		},
		{
			name: "destroy", title: "destroy all",
			arguments: []string{"apply", "-destroy", "-auto-approve"},
			slow:      true,
			rounds:    3,
			verify: func(server *twcloudtest.Server, _ int) error {
				return hasAll(server, 0)
			},
		},
	}
}

func hasAll(server *twcloudtest.Server, size int) error {
	if got := len(server.Consumers()); got != size {
		return fmt.Errorf("there are %d consumers on the server, not %d", got, size)
	}
	return nil
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

func parseScenarios(list string) ([]scenario, error) {
	var chosen []scenario
	for name := range strings.SplitSeq(list, ",") {
		found := false
		for _, s := range scenarios() {
			if s.name == strings.TrimSpace(name) {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is none of %s", name, strings.Join(scenarioNames(), ", "))
		}
	}
	return chosen, nil
}
