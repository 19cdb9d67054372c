package simulation

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// consumer is a resource in a configuration.
type consumer struct {
	name     string
	approved bool
	// byPerson says that a person approves it, so that nothing is configured.
	byPerson bool
	// Either secret or secretWO is set.
	secret   string
	secretWO string
	version  int64
}

func (c consumer) wantedSecret() string { return c.secret + c.secretWO }

// attributes is the consumer in a configuration, which has nothing that is empty,
// false, or zero.
func (c consumer) attributes() attributes {
	values := attributes{}
	for name, value := range map[string]any{
		"key": "", "name": c.name, "approved": c.approved && !c.byPerson, "secret": c.secret,
		"secret_wo": c.secretWO, "secret_wo_version": c.version, "secret_revision": int64(0),
	} {
		if value == "" || value == false || value == int64(0) {
			value = nil
		}
		values[name] = tftypes.NewValue(schema().consumer.AttributeTypes[name], value)
	}
	return values
}

// configuration holds resources by their address.
type configuration map[string]consumer

// step is one terraform apply of the scenario.
type step struct {
	name   string
	config configuration
	// like is another step with the same requests, so that those of this one need no
	// single faults.
	like string
	// before is what somebody else does before the step is run.
	before func(server *emulator.Server, keyOf func(address string) string)
}

// secretMark is in every secret, so that a leak can be found.
const secretMark = "s3cr3t-"

// foreign are the consumers of other people. One has the name of ours. Their keys are
// numbers, which some dialects want.
var foreign = []emulator.Consumer{
	{Key: "9000001", Name: "beta", Secret: secretMark + "others-1", Approved: true},
	{Key: "9000002", Name: "legacy", Secret: secretMark + "others-2"},
}

// scenario is what a user does: register with approval and without, with secrets
// that are in state and that are not; rename, rotate and approve; take it all
// back; repair what somebody has changed or removed; replace, register two of one
// name, hand a name on; destroy.
var scenario = func() []step {
	first := configuration{
		"alpha": {name: "alpha", approved: true, secret: secretMark + "alpha-1"},
		"beta":  {name: "beta", secretWO: secretMark + "beta-1", version: 1},
		"gamma": {name: "gamma", approved: true, secretWO: secretMark + "gamma-1"},
	}
	changed := configuration{
		"alpha": {name: "alpha two", approved: true, secret: secretMark + "alpha-2"},
		"beta":  {name: "beta", approved: true, secretWO: secretMark + "beta-2", version: 2},
		"gamma": {name: "gamma", secretWO: secretMark + "gamma-2"},
	}
	back := maps.Clone(first)
	back["beta"] = consumer{name: "beta", secretWO: secretMark + "beta-1", version: 3}
	last := configuration{
		"alpha":  back["alpha"],
		"beta":   {name: "gamma", secretWO: secretMark + "beta-1", version: 3},
		"twin_1": {name: "twin", approved: true, secret: secretMark + "twin-1"},
		"twin_2": {name: "twin", approved: true, secret: secretMark + "twin-2"},
	}

	return []step{
		{name: "create", config: first},
		{name: "change", config: changed},
		{name: "back", config: back, like: "change"},
		{name: "repair", config: back, before: func(server *emulator.Server, keyOf func(string) string) {
			server.UpdateConsumer(keyOf("alpha"), func(c *emulator.Consumer) { c.Name, c.Approved = "renamed by hand", false })
			server.UpdateConsumer(keyOf("gamma"), func(c *emulator.Consumer) { c.Approved = false })
			server.RemoveConsumer(keyOf("beta"))
		}},
		{name: "replace", config: last},
		{name: "destroy", config: configuration{}},
	}
}()

// stepIndex is the index of a step of the scenario.
func stepIndex(name string) int {
	return slices.IndexFunc(scenario, func(s step) bool { return s.name == name })
}
