package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// bench measures providers.
type bench struct {
	options
	contenders    []*contender
	out, progress io.Writer
}

// contender is a provider, and a workspace that uses it.
type contender struct {
	provider string
	work     *terraformcli.Workspace
	usage    string
	created  map[int]snapshot // with all consumers, by their number
}

func (c *contender) sendsNothing() bool { return c.provider == floor || c.provider == silentFloor }

// snapshot is a state, and the consumers on the server.
type snapshot struct {
	state     []byte
	consumers []emulator.Consumer
}

// row is what the table has of a scenario. The samples are in the order of the rounds.
type row struct {
	scenario scenario
	size     int
	latency  time.Duration
	samples  map[string][]sample // by provider
}

// add adds a provider, with the path of its binary.
func (b *bench) add(provider, program string, cli terraformcli.CLI, dir string, environment ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := &contender{provider: provider, usage: filepath.Join(dir, "usage"), created: map[int]snapshot{}}
	if c.work, err = terraformcli.NewWorkspace(cli, filepath.Join(dir, "work")); err != nil {
		return err
	}
	c.work.Setenv(append(environment, programVariable+"="+program, usageVariable+"="+c.usage)...)
	b.contenders = append(b.contenders, c)

	// Terraform takes this program for the provider.
	binary := filepath.Join(dir, "terraform-provider-"+filepath.Base(source(provider)))
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	return errors.Join(os.Symlink(self, binary), c.work.UseBinary(source(provider), dir))
}

// measure runs the scenarios in rounds. In each round every contender runs once for
// each latency, each time beginning with another one, so that other load on the
// machine affects all alike. It prints what it measures.
func (b *bench) measure(ctx context.Context) error {
	for _, size := range b.sizes {
		_, _ = fmt.Fprintf(b.progress, "Preparing N = %d.\n", size)
		for _, c := range b.contenders {
			if c.sendsNothing() {
				continue
			}
			if err := b.create(ctx, c, size); err != nil {
				return err
			}
		}
	}
	b.header()
	for _, sc := range b.scenarios {
		for _, size := range b.sizes {
			rows, err := b.rows(ctx, sc, size)
			if err != nil {
				return err
			}
			for _, r := range rows {
				b.report(r)
			}
		}
	}
	return nil
}

// maxCreated is how many consumers are created for the scenarios to start from. The
// time that Terraform needs grows with the square of the number.
const maxCreated = 1000

// create creates all consumers, for the scenarios to start from. The floor, which
// has the same schemas, starts from our state.
func (b *bench) create(ctx context.Context, c *contender, size int) error {
	wanted := size
	if size > maxCreated && c.provider == ours && b.secret != "write-only" {
		size = 1
	}
	commands := []string{"apply -auto-approve"}
	if c.provider == generic {
		commands = append(commands, commands...) // It registers with the first, and approves with the second.
	}
	_, created, err := c.run(ctx, row{size: size, latency: b.latencies[0]}, b.secret, snapshot{}, commands...)
	if err != nil {
		return err
	}
	for _, consumer := range created.consumers {
		if !consumer.Approved {
			return fmt.Errorf("%s did not approve %s", c.provider, consumer.Name)
		}
	}
	if size != wanted {
		if created, err = created.multiplied(wanted); err != nil {
			return err
		}
	}
	for _, other := range b.contenders {
		if source(other.provider) == source(c.provider) {
			other.created[wanted] = created
		}
	}
	return nil
}

// multiplied returns a snapshot of so many consumers, made from that of the first
// one.
func (s snapshot) multiplied(size int) (many snapshot, err error) {
	var document map[string]any
	if err := json.Unmarshal(s.state, &document); err != nil {
		return many, err
	}
	resources, _ := document["resources"].([]any)
	if len(resources) != 1 || len(s.consumers) != 1 {
		return many, fmt.Errorf("%d resources and %d consumers instead of one", len(resources), len(s.consumers))
	}
	resource, _ := resources[0].(map[string]any)
	first, _ := resource["instances"].([]any)
	instances := make([]any, size)
	for i := range instances {
		consumer := s.consumers[0]
		consumer.Key, consumer.Name, consumer.Secret = fmt.Sprintf("key-%d", i), fmt.Sprintf("consumer-%d", i), fmt.Sprintf("secret-%d", i)
		many.consumers = append(many.consumers, consumer)
		instance, _ := first[0].(map[string]any)
		instance = maps.Clone(instance)
		attributes, _ := instance["attributes"].(map[string]any)
		attributes = maps.Clone(attributes)
		attributes["key"], attributes["name"] = consumer.Key, consumer.Name
		if attributes["secret"] != nil {
			attributes["secret"] = consumer.Secret
		}
		instance["index_key"], instance["attributes"] = i, attributes
		if instance["identity"] != nil {
			instance["identity"] = map[string]any{"key": consumer.Key}
		}
		instances[i] = instance
	}
	resource["instances"] = instances
	many.state, err = json.MarshalIndent(document, "", "  ")
	return many, err
}

func (b *bench) rows(ctx context.Context, sc scenario, size int) (rows []row, err error) {
	for _, latency := range b.latencies {
		rows = append(rows, row{sc, size, latency, map[string][]sample{}})
	}
	for round := range b.rounds {
		for i, r := range rows {
			for j := range b.contenders {
				c := b.contenders[(i+j+round)%len(b.contenders)]
				if c.sendsNothing() && i > 0 {
					// The latency makes no difference.
					r.samples[c.provider] = rows[0].samples[c.provider]
					continue
				}
				var start snapshot
				if !sc.empty {
					start = c.created[size]
				}
				one, end, err := c.run(ctx, r, b.secret, start, sc.command)
				if err == nil && !c.sendsNothing() {
					err = sc.verify(end.consumers, size)
				}
				switch {
				case ctx.Err() != nil:
					return nil, ctx.Err()
				case err != nil:
					return nil, fmt.Errorf("%s, %s of %d, latency %s: %w", c.provider, sc.title, size, r.latency, err)
				}
				r.samples[c.provider] = append(r.samples[c.provider], one)
			}
		}
	}
	return rows, nil
}

// run runs commands with a new server, and measures the last one.
func (c *contender) run(ctx context.Context, r row, secret string, start snapshot, commands ...string) (measured sample, end snapshot, err error) {
	server, err := emulator.Start(emulator.Config{Latency: r.latency})
	if err != nil {
		return measured, end, err
	}
	defer server.Close()
	for _, consumer := range start.consumers {
		server.AddConsumer(consumer)
	}
	work := *c.work
	work.Setenv(terraformcli.ServerEnv(server.URL(), server.WebAppURL(), emulator.AdminName, emulator.AdminPassword)...)
	text := configuration(r.size, secret)
	if c.provider == generic {
		text = genericConfiguration(server.URL(), r.size)
	}
	state := filepath.Join(work.Dir, "terraform.tfstate")
	if err := errors.Join(work.Write("main.tf", text), os.RemoveAll(state)); err != nil {
		return measured, end, err
	}
	if start.state != nil {
		if err := os.WriteFile(state, start.state, 0o600); err != nil {
			return measured, end, err
		}
	}
	for _, command := range commands {
		server.ResetRequests()
		if measured, err = c.measure(work.Command(ctx, strings.Fields(command)...)); err != nil {
			return measured, end, err
		}
	}
	for _, request := range server.Requests() {
		if !slices.Contains([]string{wire.LoginPath, wire.LogoutPath}, request.Path) {
			measured[requests]++
		}
	}
	end.consumers = server.Consumers()
	end.state, err = os.ReadFile(state) //nolint:gosec // The folder is the benchmark's own.
	return measured, end, err
}

// measure measures a command. An exit status other than 0 is an error, and so is a
// plan with changes, because of -detailed-exitcode.
func (c *contender) measure(cmd *exec.Cmd) (measured sample, err error) {
	if err := errors.Join(os.RemoveAll(c.usage), os.MkdirAll(c.usage, 0o700)); err != nil {
		return measured, err
	}
	began := time.Now()
	output, err := cmd.CombinedOutput()
	measured[wall] = time.Since(began).Seconds()
	var used usage
	if err == nil {
		used, err = readUsage(c.usage)
	}
	if err != nil {
		return measured, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[1:], " "), err, output)
	}
	// Terraform's times include those of its children, the providers.
	all := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	measured[providerCPU] = used.CPU.Seconds()
	measured[terraformCPU] = (all - used.CPU).Seconds()
	measured[providerPeak] = float64(used.Peak) / (1 << 20)
	return measured, nil
}
