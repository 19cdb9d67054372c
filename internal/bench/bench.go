package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
func (b *bench) add(provider, program string, cli terraformcli.CLI, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := &contender{provider: provider, usage: filepath.Join(dir, "usage"), created: map[int]snapshot{}}
	if c.work, err = terraformcli.NewWorkspace(cli, filepath.Join(dir, "work")); err != nil {
		return err
	}
	c.work.Setenv(programVariable+"="+program, usageVariable+"="+c.usage)
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
			if c.provider == floor {
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

// create creates all consumers, for the scenarios to start from. The floor, which
// has the same schemas, starts from our state.
func (b *bench) create(ctx context.Context, c *contender, size int) error {
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
	for _, other := range b.contenders {
		if source(other.provider) == source(c.provider) {
			other.created[size] = created
		}
	}
	return nil
}

func (b *bench) rows(ctx context.Context, sc scenario, size int) (rows []row, err error) {
	for _, latency := range b.latencies {
		rows = append(rows, row{sc, size, latency, map[string][]sample{}})
	}
	for round := range b.rounds {
		for i, r := range rows {
			for j := range b.contenders {
				c := b.contenders[(i+j+round)%len(b.contenders)]
				if c.provider == floor && i > 0 {
					// It sends no requests, so the latency makes no difference.
					r.samples[floor] = rows[0].samples[floor]
					continue
				}
				var start snapshot
				if !sc.empty {
					start = c.created[size]
				}
				one, end, err := c.run(ctx, r, b.secret, start, sc.command)
				if err == nil && c.provider != floor {
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
