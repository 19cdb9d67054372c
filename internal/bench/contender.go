package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// kind is what is compared.
type kind string

const (
	ours    kind = "provider"
	floor   kind = "floor"
	restAPI kind = "generic REST"
)

// provided is the provider's address, without the registry, which is the CLI's
// own.
const provided = "twcloud-community/twcloud"

// secretKind is how a configuration has the secrets.
type secretKind string

const (
	storedSecret    secretKind = "stored"     // secret
	writeOnlySecret secretKind = "write-only" // secret_wo
	versionedSecret secretKind = "versioned"  // secret_wo and secret_wo_version
)

func secretKinds() []string {
	return []string{string(storedSecret), string(writeOnlySecret), string(versionedSecret)}
}

// Of the consumer with the index 0, as a template for all others. The names must
// be such that none is a part of another text in a state.
const (
	nameFormat   = "consumer-%05d"
	secretFormat = "secret-of-%05d"
)

func consumerName(i int) string { return fmt.Sprintf(nameFormat, i) }
func consumerKey(i int) string  { return fmt.Sprintf("%032x", 0xbe2c0000+i) }

// secret is that of a consumer. What is not in state is known to the provider by
// a hash in state, which is copied: so it is the same for all.
func (kind secretKind) secret(i int) string {
	if kind != storedSecret {
		i = 0
	}
	return fmt.Sprintf(secretFormat, i)
}

// configuration has size consumers. All of them are in one block with count,
// because that is what Terraform itself spends least on: with for_each, it
// evaluates the whole collection for each instance.
func configuration(k kind, endpoint string, size int, secret secretKind) string {
	if k == restAPI {
		return restAPIConfiguration(endpoint, size)
	}
	attribute := fmt.Sprintf("secret    = format(%q, count.index)", secretFormat)
	if secret != storedSecret {
		attribute = fmt.Sprintf("secret_wo = %q", secret.secret(0))
	}
	if secret == versionedSecret {
		attribute += "\n  secret_wo_version = 1"
	}
	return fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

provider "twcloud" {
  endpoint = %q
  username = %q
  password = %q
}

variable "first" {
  default = %q
}

resource "twcloud_oauth_consumer" "bench" {
  count     = %d
  name      = count.index == 0 ? var.first : format(%q, count.index)
  approved  = true
  %s
}
`, provided, endpoint, twcloudtest.AdminName, twcloudtest.AdminPassword, consumerName(0), size, nameFormat, attribute)
}

// contender is a provider, a workspace and, unless it is the floor, a server of
// some latency.
type contender struct {
	kind    kind
	latency time.Duration
	server  *twcloudtest.Server
	work    *workspace
	secret  secretKind
}

// prepare puts everything in place for a run.
func (c *contender) prepare(s scenario, size int, template []byte) error {
	endpoint := "http://127.0.0.1:1"
	if c.server != nil {
		endpoint = c.server.URL()
		for _, consumer := range c.server.Consumers() {
			c.server.RemoveConsumer(consumer.Key)
		}
		for i := 0; i < size && !s.fromNothing; i++ {
			c.server.AddConsumer(twcloudtest.Consumer{
				Key: consumerKey(i), Name: consumerName(i), Secret: c.secret.secret(i), Approved: true,
			})
		}
		c.server.ResetRequests()
	}
	if err := c.work.configure(configuration(c.kind, endpoint, size, c.secret)); err != nil {
		return err
	}
	if s.fromNothing {
		return c.work.setState(nil)
	}
	state, err := multiply(template, size)
	if err != nil {
		return err
	}
	return c.work.setState(state)
}

// run runs the scenario once.
func (c *contender) run(ctx context.Context, s scenario, size int, template []byte) (sample, error) {
	if err := c.prepare(s, size, template); err != nil {
		return sample{}, err
	}
	connections := 0
	if c.server != nil {
		connections = c.server.Connections()
	}
	spent, err := c.work.run(ctx, s.arguments[0], s.arguments[1:]...)
	if err != nil {
		return sample{}, err
	}
	result := sample{cost: spent}
	if c.server != nil {
		result.traffic = trafficOf(c.server.Requests())
		result.connections = c.server.Connections() - connections
		err = s.verify(c.server, size)
	}
	return result, err
}

// sample is what one run of a scenario has cost, and what the server saw of it.
type sample struct {
	cost
	traffic
	connections int
}

// traffic counts requests.
type traffic struct {
	logins, logouts int
	// lists are those of the collection.
	lists int
	// registrations, updates and removals are of single consumers.
	registrations, updates, removals int
	// others are all besides.
	others int
}

// requests are all but logins and logouts.
func (t traffic) requests() int {
	return t.lists + t.registrations + t.updates + t.removals + t.others
}

func (t traffic) String() string {
	var parts []string
	for _, part := range []struct {
		count int
		what  string
	}{
		{t.logins, "logins"},
		{t.logouts, "logouts"},
		{t.lists, "lists"},
		{t.registrations, "registrations"},
		{t.updates, "updates"},
		{t.removals, "removals"},
		{t.others, "others"},
	} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.what))
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func trafficOf(requests []twcloudtest.Request) traffic {
	var t traffic
	for _, request := range requests {
		switch request.Method + " " + request.Path {
		case "GET " + wire.LoginPath:
			t.logins++
			continue
		case "GET " + wire.LogoutPath:
			t.logouts++
			continue
		case "GET " + wire.DefaultOAuthConsumersPath:
			t.lists++
			continue
		}
		switch request.Method {
		case "POST":
			t.registrations++
		case "PATCH":
			t.updates++
		case "DELETE":
			t.removals++
		default:
			t.others++
		}
	}
	return t
}

// template makes the state of one consumer, by having the provider create it,
// with consumerKey(0) for a key. It also finds out whether what the provider is
// given to do is what it does: a plan after it must have nothing to change.
func template(ctx context.Context, dir string, k kind, newWorkspace func(dir string) (*workspace, error), secret secretKind) ([]byte, error) {
	server, err := twcloudtest.Start(twcloudtest.Config{NewKey: func() string { return consumerKey(0) }})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	work, err := newWorkspace(filepath.Join(dir, "template"))
	if err != nil {
		return nil, err
	}
	if err := work.configure(configuration(k, server.URL(), 1, secret)); err != nil {
		return nil, err
	}
	// A generic provider cannot approve while it registers: it needs two.
	for range 2 {
		if _, err := work.run(ctx, "apply", "-auto-approve"); err != nil {
			return nil, err
		}
	}
	if _, err := work.run(ctx, "plan", "-detailed-exitcode"); err != nil {
		return nil, fmt.Errorf("%s: the plan after two applies is not empty: %w", k, err)
	}
	if consumer, found := server.Consumer(consumerKey(0)); !found || !consumer.Approved {
		return nil, fmt.Errorf("%s: the consumer has not been registered and approved", k)
	}
	return work.state()
}

// multiply makes a state of many consumers from a state of one.
func multiply(template []byte, size int) ([]byte, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(template, &state); err != nil {
		return nil, err
	}
	var resources []map[string]json.RawMessage
	if err := json.Unmarshal(state["resources"], &resources); err != nil {
		return nil, err
	}
	if len(resources) != 1 {
		return nil, fmt.Errorf("there are %d resources in the template", len(resources))
	}
	var instances []json.RawMessage
	if err := json.Unmarshal(resources[0]["instances"], &instances); err != nil {
		return nil, err
	}
	if len(instances) != 1 {
		return nil, fmt.Errorf("there are %d instances in the template", len(instances))
	}
	one := instances[0]
	if !bytes.Contains(one, []byte(consumerKey(0))) {
		return nil, errors.New("the consumer's key is not in the template")
	}
	instances = nil
	for i := range size {
		text := bytes.ReplaceAll(one, []byte(consumerKey(0)), []byte(consumerKey(i)))
		text = bytes.ReplaceAll(text, []byte(consumerName(0)), []byte(consumerName(i)))
		text = bytes.ReplaceAll(text, []byte(storedSecret.secret(0)), []byte(storedSecret.secret(i)))
		var instance map[string]json.RawMessage
		if err := json.Unmarshal(text, &instance); err != nil {
			return nil, err
		}
		instance["index_key"] = fmt.Append(nil, i)
		encoded, err := json.Marshal(instance)
		if err != nil {
			return nil, err
		}
		instances = append(instances, encoded)
	}
	var err error
	if resources[0]["instances"], err = json.Marshal(instances); err != nil {
		return nil, err
	}
	if state["resources"], err = json.Marshal(resources); err != nil {
		return nil, err
	}
	return json.MarshalIndent(state, "", "  ")
}
