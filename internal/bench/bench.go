package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// program is a provider's binary, and its address in required_providers.
type program struct{ source, path string }

// bench measures providers.
type bench struct {
	options
	cli      terraformcli.CLI
	dir      string
	programs map[string]program // by provider
	progress io.Writer
}

// point is a place in the tables. The floor has no latency.
type point struct {
	scenario string
	size     int
	provider string
	latency  time.Duration
}

// setup is a provider in a workspace, with a server. The floor has no server.
type setup struct {
	provider string
	latency  time.Duration
	server   *twcloudtest.Server
	work     *terraformcli.Workspace
	usage    string
}

// snapshot is a state, and the consumers in it.
type snapshot struct {
	state     []byte
	consumers []twcloudtest.Consumer
}

// measure runs the scenarios in rounds. In each round every setup runs once, each
// time beginning with another one, so that other load on the machine affects all
// alike. The samples of a point are in the order of the rounds.
func (b *bench) measure(ctx context.Context) (map[point][]sample, error) {
	setups, err := b.setups()
	defer func() {
		for _, s := range setups {
			if s.server != nil {
				s.server.Close()
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	results := map[point][]sample{}
	for _, size := range b.sizes {
		created, err := b.createAll(ctx, setups, size)
		if err != nil {
			return nil, err
		}
		for _, sc := range b.scenarios {
			_, _ = fmt.Fprintf(b.progress, "%-20s N = %-5d ", sc.title, size)
			for round := range b.roundsOf(sc, size) {
				for i := range setups {
					s := setups[(i+round)%len(setups)]
					if sc.offline && s.latency != b.latencies[0] && s.provider != floor {
						continue
					}
					measured, err := s.run(ctx, sc, size, created[s.provider])
					if err != nil {
						_, _ = fmt.Fprintln(b.progress)
						return nil, fmt.Errorf("%s, %s of %d, latency %s: %w", s.provider, sc.title, size, s.latency, err)
					}
					at := point{sc.name, size, s.provider, s.latency}
					results[at] = append(results[at], measured)
				}
				_, _ = fmt.Fprint(b.progress, ".")
			}
			_, _ = fmt.Fprintln(b.progress)
		}
	}
	return results, nil
}

func (b *bench) roundsOf(sc scenario, size int) int {
	switch {
	case b.rounds > 0:
		return b.rounds
	case sc.slow && size > 100:
		return 1
	}
	return 3
}

// setups returns the floor once, and each other provider once for each latency.
func (b *bench) setups() (setups []*setup, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for i, latency := range b.latencies {
		for _, provider := range []string{floor, ours, generic} {
			program, exists := b.programs[provider]
			if !exists || provider == floor && i > 0 {
				continue
			}
			dir := filepath.Join(b.dir, provider, fmt.Sprint(i))
			s := &setup{provider: provider, latency: latency, usage: filepath.Join(dir, "usage")}
			if s.work, err = terraformcli.NewWorkspace(b.cli, filepath.Join(dir, "work")); err != nil {
				return setups, err
			}
			s.work.Setenv(programVariable+"="+program.path, usageVariable+"="+s.usage, "TWCLOUD_ENDPOINT=http://127.0.0.1:1")
			if provider == floor {
				s.latency = 0
			} else {
				if s.server, err = twcloudtest.Start(twcloudtest.Config{Latency: latency}); err != nil {
					return setups, err
				}
				s.work.Setenv(terraformcli.ServerEnv(s.server.URL(), s.server.WebAppURL(), twcloudtest.AdminName, twcloudtest.AdminPassword)...)
			}
			setups = append(setups, s)

			// Terraform takes this program for the provider.
			binary := filepath.Join(dir, "terraform-provider-"+filepath.Base(program.source))
			if runtime.GOOS == "windows" {
				binary += ".exe"
			}
			if err := errors.Join(os.Symlink(self, binary), s.work.UseBinary(program.source, dir)); err != nil {
				return setups, err
			}
		}
	}
	return setups, nil
}

// createAll creates all consumers with each provider, and returns what to start
// from. The floor, which has the same schemas, starts from our state.
func (b *bench) createAll(ctx context.Context, setups []*setup, size int) (map[string]snapshot, error) {
	created := map[string]snapshot{}
	_, _ = fmt.Fprintf(b.progress, "%-20s N = %d\n", "preparing", size)
	for _, s := range setups {
		if s.latency != b.latencies[0] || s.provider == floor {
			continue
		}
		configuration := configuration(size, b.secret)
		if s.provider == generic {
			configuration = genericConfiguration(s.server.URL(), size)
		}
		for _, other := range setups {
			if other.provider == s.provider || other.provider == floor && s.provider == ours {
				if err := other.work.Write("main.tf", configuration); err != nil {
					return nil, err
				}
			}
		}
		if err := s.restore(snapshot{}); err != nil {
			return nil, err
		}
		applies := 1
		if s.provider == generic {
			applies = 2 // It registers with the first, and approves with the second.
		}
		for range applies {
			if _, err := s.terraform(ctx, "apply", "-auto-approve"); err != nil {
				return nil, err
			}
		}
		consumers := s.server.Consumers()
		for _, consumer := range consumers {
			if !consumer.Approved {
				return nil, fmt.Errorf("%s did not approve %s", s.provider, consumer.Name)
			}
		}
		state, err := os.ReadFile(s.statePath())
		if err != nil {
			return nil, err
		}
		created[s.provider] = snapshot{state, consumers}
	}
	created[floor] = created[ours]
	return created, nil
}

func (s *setup) statePath() string { return filepath.Join(s.work.Dir, "terraform.tfstate") }

// restore puts state and server back.
func (s *setup) restore(to snapshot) error {
	if s.server != nil {
		for _, consumer := range s.server.Consumers() {
			s.server.RemoveConsumer(consumer.Key)
		}
		for _, consumer := range to.consumers {
			s.server.AddConsumer(consumer)
		}
		s.server.ResetRequests()
	}
	if to.state == nil {
		return os.RemoveAll(s.statePath())
	}
	return os.WriteFile(s.statePath(), to.state, 0o600)
}

// run runs a scenario once, and verifies that it did what it should.
func (s *setup) run(ctx context.Context, sc scenario, size int, created snapshot) (sample, error) {
	if sc.empty {
		created = snapshot{}
	}
	if err := s.restore(created); err != nil {
		return sample{}, err
	}
	measured, err := s.terraform(ctx, strings.Fields(sc.command)...)
	if err == nil && s.server != nil {
		err = sc.verify(s.server.Consumers(), size)
	}
	return measured, err
}

// terraform measures a command. An exit status other than 0 is an error, and so is
// a plan with changes, because of -detailed-exitcode.
func (s *setup) terraform(ctx context.Context, args ...string) (measured sample, err error) {
	if err := errors.Join(os.RemoveAll(s.usage), os.MkdirAll(s.usage, 0o700)); err != nil {
		return measured, err
	}
	cmd := s.work.Command(ctx, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	err = cmd.Run()
	measured[wall] = time.Since(began).Seconds()
	if ctx.Err() != nil {
		return measured, ctx.Err()
	}
	var used usage
	if err == nil {
		used, err = readUsage(s.usage)
	}
	if err != nil {
		return measured, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, output.Bytes())
	}
	// Terraform's times include those of its children, the providers.
	all := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	measured[providerCPU] = used.CPU.Seconds()
	measured[terraformCPU] = (all - used.CPU).Seconds()
	measured[providerPeak] = float64(used.Peak) / (1 << 20)
	if s.server != nil {
		for _, request := range s.server.Requests() {
			if request.Path != wire.LoginPath && request.Path != wire.LogoutPath {
				measured[requests]++
			}
		}
	}
	return measured, nil
}
