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
)

// options is what the command line says.
type options struct {
	sizes     []int
	latencies []time.Duration
	scenarios []scenario
	secret    secretKind
	// rounds is how often everything is run; zero leaves it to the scenario.
	rounds int
}

// The target's size: the issue that the provider was measured for has a
// thousand consumers.
const targetSize = 1000

func parseOptions(arguments []string, output io.Writer) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	sizes := flags.String("n", "1,100,1000", "numbers of consumers")
	latencies := flags.String("latency", "0,5,50ms", "latencies of the server; the last unit holds for numbers without one")
	names := flags.String("scenario", strings.Join(scenarioNames(), ","), "what to run")
	secret := flags.String("secret", string(storedSecret), "how the configuration has the secrets: "+strings.Join(secretKinds(), ", "))
	rounds := flags.Int("rounds", 0, "how often to run each, interleaved; 0: as often as fits into a few minutes")
	quick := flags.Bool("quick", false, "only what the targets are about: a plan without changes of 1000 consumers, three rounds")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *quick {
		given := map[string]bool{}
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range map[string]string{"n": strconv.Itoa(targetSize), "latency": "0,50ms", "scenario": "plan", "rounds": "3"} {
			if !given[name] {
				_ = flags.Set(name, value) // These values are fine.
			}
		}
	}

	var o options
	var err error
	if o.sizes, err = parseSizes(*sizes); err != nil {
		return options{}, fmt.Errorf("-n: %w", err)
	}
	if o.latencies, err = parseLatencies(*latencies); err != nil {
		return options{}, fmt.Errorf("-latency: %w", err)
	}
	if o.scenarios, err = parseScenarios(*names); err != nil {
		return options{}, fmt.Errorf("-scenario: %w", err)
	}
	if o.secret = secretKind(*secret); !slices.Contains(secretKinds(), *secret) {
		return options{}, fmt.Errorf("-secret: %q is none of %s", *secret, strings.Join(secretKinds(), ", "))
	}
	if o.rounds = *rounds; o.rounds < 0 {
		return options{}, errors.New("-rounds: less than none")
	}
	return o, nil
}

func parseSizes(list string) ([]int, error) {
	var sizes []int
	for item := range strings.SplitSeq(list, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		if size < 1 {
			return nil, fmt.Errorf("%d consumers cannot be measured", size)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

// parseLatencies reads "0,5,50ms": a number without a unit has that of the last
// item.
func parseLatencies(list string) ([]time.Duration, error) {
	unit := list[strings.LastIndexAny(list, "0123456789.")+1:]
	if unit == "" {
		unit = "ms"
	}
	var latencies []time.Duration
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item != "" && strings.Trim(item, "0123456789.") == "" {
			item += unit
		}
		latency, err := time.ParseDuration(item)
		if err != nil {
			return nil, err
		}
		if latency < 0 {
			return nil, fmt.Errorf("%s is less than none", latency)
		}
		latencies = append(latencies, latency)
	}
	return latencies, nil
}
