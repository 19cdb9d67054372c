package main

import (
	"fmt"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// scenario is a Terraform command, and what it starts from.
type scenario struct {
	name, title string
	command     string

	empty   bool // starts without state and consumers; otherwise all exist
	offline bool // sends no requests, so one latency is enough
	slow    bool // takes minutes for many consumers

	// verify checks what is on the server afterwards.
	verify func(consumers []twcloudtest.Consumer, size int) error
}

var scenarios = []scenario{
	{name: "plan", title: "no-change plan", command: "plan -detailed-exitcode", verify: hasAll},
	{name: "norefresh", title: "plan -refresh=false", command: "plan -refresh=false -detailed-exitcode", offline: true, verify: hasAll},
	{
		name: "change", title: "apply of one change", command: "apply -auto-approve -var first=" + newName,
		verify: func(consumers []twcloudtest.Consumer, size int) error {
			for _, consumer := range consumers {
				if consumer.Name == newName {
					return hasAll(consumers, size)
				}
			}
			return fmt.Errorf("no consumer was renamed")
		},
	},
	{name: "create", title: "create all", command: "apply -auto-approve", empty: true, slow: true, verify: hasAll},
	{
		name: "destroy", title: "destroy all", command: "apply -destroy -auto-approve", slow: true,
		verify: func(consumers []twcloudtest.Consumer, _ int) error { return hasAll(consumers, 0) },
	},
}

func hasAll(consumers []twcloudtest.Consumer, size int) error {
	if len(consumers) != size {
		return fmt.Errorf("the server has %d consumers, want %d", len(consumers), size)
	}
	return nil
}

func findScenario(name string) (scenario, error) {
	var names []string
	for _, s := range scenarios {
		if s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	return scenario{}, fmt.Errorf("-scenario: unknown scenario %q; there are %s", name, strings.Join(names, ", "))
}
