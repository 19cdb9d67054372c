package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// point is one place in the tables. The floor has no latency.
type point struct {
	scenario string
	size     int
	kind     kind
	latency  time.Duration
}

// measurements are the samples of each point, in the order of the rounds.
type measurements map[point][]sample

// bench runs everything there is to run.
type bench struct {
	options
	dir       string
	terraform string
	built     binaries
	// restAPI is the binary of the generic REST provider; empty where it cannot
	// be had.
	restAPI string
	// absence is why it cannot be compared with; empty where it can.
	absence  string
	progress io.Writer
}

func (b *bench) kinds() []kind {
	if b.restAPI == "" {
		return []kind{floor, ours}
	}
	return []kind{floor, ours, restAPI}
}

func (b *bench) program(k kind) program {
	switch k {
	case floor:
		return program{path: b.built.floor, source: provided}
	case restAPI:
		return program{path: b.restAPI, source: restAPISource}
	}
	return program{path: b.built.provider, source: provided}
}

func (b *bench) workspace(k kind) func(dir string) (*workspace, error) {
	return func(dir string) (*workspace, error) {
		return newWorkspace(dir, b.terraform, b.built.shim, b.program(k))
	}
}

// measure runs every scenario with every number of consumers, in rounds: in each
// round every contender runs once, and each round begins with another one, so
// that whatever else the machine does meets all of them alike.
func (b *bench) measure(ctx context.Context) (measurements, error) {
	templates, err := b.templates(ctx)
	if err != nil {
		return nil, err
	}
	contenders, stop, err := b.contenders()
	defer stop()
	if err != nil {
		return nil, err
	}
	results := measurements{}
	for _, size := range b.sizes {
		for _, s := range b.scenarios {
			rounds, field := b.schedule(s, size, contenders)
			_, _ = fmt.Fprintf(b.progress, "%-20s N = %-5d ", s.title, size)
			began := time.Now()
			for round := range rounds {
				for i := range field {
					c := field[(i+round)%len(field)]
					measured, err := c.run(ctx, s, size, templates[c.kind])
					if err != nil {
						_, _ = fmt.Fprintln(b.progress)
						return nil, fmt.Errorf("%s, %s of %d, latency %s: %w", c.kind, s.title, size, c.latency, err)
					}
					at := point{s.name, size, c.kind, c.latency}
					results[at] = append(results[at], measured)
				}
				_, _ = fmt.Fprint(b.progress, ".")
			}
			_, _ = fmt.Fprintf(b.progress, " %.0f s\n", time.Since(began).Seconds())
		}
	}
	return results, nil
}

// templates makes the states to start from. A generic REST provider of a version
// that does not do what it is told is left out.
func (b *bench) templates(ctx context.Context) (map[kind][]byte, error) {
	templates := map[kind][]byte{}
	for _, k := range b.kinds() {
		if k == floor {
			continue
		}
		state, err := template(ctx, filepath.Join(b.dir, string(k)), k, b.workspace(k), b.secret)
		switch {
		case err != nil && k == restAPI && ctx.Err() == nil:
			_, _ = fmt.Fprintln(b.progress, err)
			b.restAPI = ""
			b.absence = "It does not manage one consumer as it should: see above"
		case err != nil:
			return nil, err
		default:
			templates[k] = state
		}
	}
	// The schema is the same, so the state can be.
	templates[floor] = templates[ours]
	return templates, nil
}

// schedule says how often a scenario is run, and by whom. Unless it was asked for
// a number of rounds, what takes minutes is run once, and with the least and the
// greatest latency only.
func (b *bench) schedule(s scenario, size int, contenders []*contender) (rounds int, field []*contender) {
	latencies := b.latencies
	rounds = b.rounds
	if rounds == 0 {
		rounds = s.rounds
		if s.slow && size > 100 {
			rounds = 1
			latencies = []time.Duration{slices.Min(latencies), slices.Max(latencies)}
		}
	}
	if s.silent {
		latencies = b.latencies[:1]
	}
	return rounds, slices.DeleteFunc(slices.Clone(contenders), func(c *contender) bool {
		return c.kind != floor && !slices.Contains(latencies, c.latency)
	})
}

// contenders are the floor, once, and the others, once for each latency.
func (b *bench) contenders() (contenders []*contender, stop func(), err error) {
	var servers []*twcloudtest.Server
	stop = func() {
		for _, server := range servers {
			server.Close()
		}
	}
	for i, latency := range b.latencies {
		server, err := twcloudtest.Start(twcloudtest.Config{Latency: latency})
		if err != nil {
			return nil, stop, err
		}
		servers = append(servers, server)
		for _, k := range b.kinds() {
			c := &contender{kind: k, latency: latency, server: server, secret: b.secret}
			if k == floor {
				if i > 0 {
					continue
				}
				c.latency, c.server = 0, nil
			}
			if c.work, err = b.workspace(k)(filepath.Join(b.dir, string(k), fmt.Sprint(i))); err != nil {
				return nil, stop, err
			}
			contenders = append(contenders, c)
		}
	}
	return contenders, stop, nil
}
