// Command bench measures what the provider costs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "twcloud-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	terraform, err := terraformcli.Find(ctx, terraformcli.CacheDir(), os.Stderr)
	if err != nil {
		return err
	}
	built, err := build(ctx, dir)
	if err != nil {
		return err
	}
	server, err := twcloudtest.Start(twcloudtest.Config{})
	if err != nil {
		return err
	}
	defer server.Close()
	const n, rounds = 1000, 3
	config := fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = "twcloud-community/twcloud" }
  }
}
provider "twcloud" {
  endpoint = %q
  username = "admin"
  password = "admin-password"
}
resource "twcloud_oauth_consumer" "bench" {
  count    = %d
  name     = format("consumer-%%04d", count.index)
  secret   = format("secret-of-%%04d", count.index)
  approved = true
}
`, server.URL(), n)
	var ws [2]*workspace
	for i, path := range []string{built.floor, built.provider} {
		d := filepath.Join(dir, fmt.Sprint("ws", i))
		if ws[i], err = newWorkspace(d, terraform, built.shim, program{path: path, source: "twcloud-community/twcloud"}); err != nil {
			return err
		}
		if err := ws[i].configure(config); err != nil {
			return err
		}
	}
	c, _, err := ws[1].run(ctx, []int{0}, "apply", "-auto-approve", "-input=false", "-no-color")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "create: %+v\n", c)
	state, err := ws[1].state()
	if err != nil {
		return err
	}
	if err := ws[0].setState(state); err != nil {
		return err
	}
	var samples [2][]cost
	for range rounds {
		for i := range ws {
			c, _, err := ws[i].run(ctx, []int{0}, "plan", "-detailed-exitcode", "-input=false", "-no-color")
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%d: %+v\n", i, c)
			samples[i] = append(samples[i], c)
		}
	}
	for _, m := range []struct {
		name string
		of   func(cost) float64
	}{
		{"wall", func(c cost) float64 { return c.wall.Seconds() }},
		{"provider CPU", func(c cost) float64 { return c.providerCPU.Seconds() }},
		{"terraform CPU", func(c cost) float64 { return c.terraformCPU.Seconds() }},
		{"provider peak MB", func(c cost) float64 { return float64(c.providerPeak) / 1e6 }},
	} {
		var ratios, floors, ours []float64
		for r := range rounds {
			f, o := m.of(samples[0][r]), m.of(samples[1][r])
			ratios, floors, ours = append(ratios, o/f), append(floors, f), append(ours, o)
		}
		slices.Sort(ratios)
		slices.Sort(floors)
		slices.Sort(ours)
		fmt.Printf("%-18s ratio %.2f (%.2f–%.2f)   ours %.2f  floor %.2f\n", m.name, ratios[rounds/2], ratios[0], ratios[rounds-1], ours[rounds/2], floors[rounds/2])
	}
	return nil
}
