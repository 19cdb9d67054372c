package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// options are the command line.
type options struct {
	sizes     []int
	latencies []time.Duration
	scenarios []scenario
	secret    string
	rounds    int
	silent    bool
}

func parseOptions(arguments []string, output io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	sizes := flags.String("n", "1,100,1000", "numbers of consumers")
	latencies := flags.String("latency", "0,5ms,50ms", "latencies of the server")
	names := flags.String("scenario", "plan,norefresh,change,create,destroy", "what to run")
	flags.BoolFunc("quick", "a short run: -n 1000 -latency 0,50ms -scenario plan; later flags override it", func(string) error {
		*sizes, *latencies, *names = "1000", "0,50ms", "plan"
		return nil
	})
	flags.StringVar(&o.secret, "secret", "stored", "how the secrets are configured: stored (secret), write-only (secret_wo) or versioned (secret_wo with secret_wo_version)")
	flags.BoolVar(&o.silent, "silent", false, "compare also with a floor that logs warnings only")
	flags.IntVar(&o.rounds, "rounds", 3, "how often to run each")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	var problems [3]error
	o.sizes, problems[0] = parseList(*sizes, strconv.Atoi)
	o.latencies, problems[1] = parseList(*latencies, time.ParseDuration)
	o.scenarios, problems[2] = parseList(*names, findScenario)
	switch err := errors.Join(problems[:]...); {
	case err != nil:
		return o, err
	case slices.Min(o.sizes) < 1, slices.Min(o.latencies) < 0, o.rounds < 1:
		return o, errors.New("-n and -rounds must be positive; -latency must not be negative")
	case secretArguments[o.secret] == "":
		return o, fmt.Errorf("-secret: unknown kind %q", o.secret)
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

func parseList[T any](list string, parse func(string) (T, error)) (parsed []T, err error) {
	for item := range strings.SplitSeq(list, ",") {
		one, err := parse(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, one)
	}
	return parsed, nil
}

// scenario is a Terraform command, and what it starts from.
type scenario struct {
	name, title string
	command     string

	empty    bool // starts without state and consumers; otherwise all exist
	renames  bool // one consumer to newName
	destroys bool
}

// newName is the first consumer's name after the scenario "change".
const newName = "renamed"

var scenarios = []scenario{
	{name: "plan", title: "no-change plan", command: "plan -detailed-exitcode"},
	{name: "norefresh", title: "plan -refresh=false", command: "plan -refresh=false -detailed-exitcode"},
	{name: "change", title: "apply of one change", command: "apply -auto-approve -var first=" + newName, renames: true},
	{name: "create", title: "create all", command: "apply -auto-approve", empty: true},
	{name: "destroy", title: "destroy all", command: "apply -destroy -auto-approve", destroys: true},
}

func findScenario(name string) (scenario, error) {
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, fmt.Errorf("-scenario: there is no %q", name)
	}
	return scenarios[i], nil
}

// verify checks what is on the server afterwards.
func (s scenario) verify(consumers []emulator.Consumer, size int) error {
	if s.destroys {
		size = 0
	}
	if len(consumers) != size {
		return fmt.Errorf("the server has %d consumers, want %d", len(consumers), size)
	}
	renamed := slices.ContainsFunc(consumers, func(c emulator.Consumer) bool { return c.Name == newName })
	if renamed != s.renames {
		return fmt.Errorf("a consumer was renamed: %t, want %t", renamed, s.renames)
	}
	return nil
}

// The providers that are compared.
const (
	ours        = "provider"
	floor       = "floor"
	silentFloor = "silent floor" // logs warnings only
	generic     = "generic REST"
)

// genericVariable names the binary of the generic REST provider.
const genericVariable = "TWCLOUD_BENCH_RESTAPI"

// source is a provider's address in required_providers.
func source(provider string) string {
	if provider == generic {
		return "Mastercard/restapi"
	}
	return terraformcli.Source
}

// secretArguments are the arguments of a consumer, by the value of -secret.
var secretArguments = map[string]string{
	"stored":     `secret = "secret-${count.index}"`,
	"write-only": `secret_wo = "secret-${count.index}"`,
	"versioned":  "secret_wo = \"secret-${count.index}\"\n  secret_wo_version = 1",
}

// configuration has size consumers in one block with count, which costs Terraform
// less than for_each does.
func configuration(size int, secret string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

variable "first" {
  default = "consumer-0"
}

resource "twcloud_oauth_consumer" "bench" {
  count    = %d
  name     = count.index == 0 ? var.first : "consumer-${count.index}"
  approved = true
  %s
}
`, source(ours), size, secretArguments[secret])
}

// genericConfiguration manages the same consumers with the generic REST provider,
// as a careful user would: it keeps cookies, so that not every request opens a
// session, and ignores what the server adds or never returns.
//
// It sends the secret with every update. It cannot approve a consumer while it
// registers it: that takes a second apply.
func genericConfiguration(endpoint string, size int) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    restapi = { source = %q }
  }
}

provider "restapi" {
  uri                  = %q
  username             = %q
  password             = %q
  use_cookies          = true
  write_returns_object = true
  id_attribute         = "key"
  update_method        = "PATCH"
}

variable "first" {
  default = "consumer-0"
}

resource "restapi_object" "bench" {
  count = %d
  path  = %q
  data = jsonencode({
    name     = count.index == 0 ? var.first : "consumer-${count.index}"
    secret   = "secret-${count.index}"
    approved = true
  })
  ignore_changes_to = ["secret", "key", "createdOn", "_links"]
}
`, source(generic), endpoint, emulator.AdminName, emulator.AdminPassword, size, wire.DefaultOAuthConsumersPath)
}
