package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

// caller is one command on its way to the control plane.
type caller struct {
	ctx            context.Context
	client         control.Client
	stdin          io.Reader
	stdout, stderr io.Writer

	// What the flags say; each command has some of them.
	json, secrets, approved, reset, list, clear bool
	key                                         string
	fault                                       control.Fault
}

// usages say which arguments a command takes. A negative number is at least as
// many.
var usages = map[string]struct {
	arguments int
	usage     string
	do        func(*caller, []string) error
}{
	"list":            {0, "list [-secrets] [-json]", (*caller).listConsumers},
	"add":             {2, "add [-key KEY] [-approved] NAME SECRET", (*caller).add},
	"rename":          {2, "rename CONSUMER NAME", (*caller).rename},
	"set-secret":      {2, "set-secret CONSUMER SECRET", (*caller).setSecret},
	"approve":         {-1, "approve CONSUMER...", func(c *caller, keys []string) error { return c.approve(keys, true) }},
	"disapprove":      {-1, "disapprove CONSUMER...", func(c *caller, keys []string) error { return c.approve(keys, false) }},
	"remove":          {-1, "remove CONSUMER...", (*caller).remove},
	"requests":        {0, "requests [-json] [-reset]", (*caller).requests},
	"sessions":        {0, "sessions [-json]", (*caller).sessions},
	"expire-sessions": {0, "expire-sessions", (*caller).expireSessions},
	"fault":           {-1, "fault [flags] KIND | fault -list | fault -clear", (*caller).injectFault},
}

// command sends one command to a running emulator.
func command(ctx context.Context, name string, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	found, ok := usages[name]
	if !ok {
		return misuse(stderr, "there is no command %q", name)
	}
	c := &caller{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&c.client.Address, "control-address", defaultControlAddress, "")
	switch name {
	case "list":
		flags.BoolVar(&c.secrets, "secrets", false, "")
		flags.BoolVar(&c.json, "json", false, "")
	case "add":
		flags.StringVar(&c.key, "key", "", "")
		flags.BoolVar(&c.approved, "approved", false, "")
	case "requests":
		flags.BoolVar(&c.reset, "reset", false, "")
		flags.BoolVar(&c.json, "json", false, "")
	case "sessions":
		flags.BoolVar(&c.json, "json", false, "")
	case "fault":
		flags.BoolVar(&c.list, "list", false, "")
		flags.BoolVar(&c.clear, "clear", false, "")
		flags.IntVar(&c.fault.Index, "index", 0, "")
		flags.IntVar(&c.fault.Times, "times", 1, "")
		flags.StringVar(&c.fault.Server, "server", "", "")
		flags.StringVar(&c.fault.Method, "method", "", "")
		flags.StringVar(&c.fault.PathSuffix, "path-suffix", "", "")
		flags.StringVar(&c.fault.RetryAfter, "retry-after", "", "")
		flags.StringVar(&c.fault.Body, "body", "", "")
		flags.IntVar(&c.fault.Status, "status", 0, "")
	}
	others, err := parse(flags, args, stdout, stderr)
	if err != nil {
		return err
	}
	wanted := found.arguments
	if c.list || c.clear {
		wanted = 0
	} else if name == "fault" {
		wanted = 1
	}
	if (wanted >= 0 && len(others) != wanted) || len(others) < -wanted {
		return misuse(stderr, "write: twcloud-emulator %s", found.usage)
	}
	return found.do(c, others)
}

func (c *caller) say(format string, arguments ...any) error {
	_, err := fmt.Fprintf(c.stdout, format+"\n", arguments...)
	return err
}

func (c *caller) sayJSON(value any) error {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// table writes rows of cells, the first of which are the headings.
func (c *caller) table(rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// find returns the key of the consumer that has this key or, alone, this name.
func (c *caller) find(text string) (string, error) {
	consumers, err := c.client.Consumers(c.ctx, false)
	if err != nil {
		return "", err
	}
	var named []string
	for _, consumer := range consumers {
		if consumer.Key == text {
			return text, nil
		}
		if consumer.Name == text {
			named = append(named, consumer.Key)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return "", fmt.Errorf("no consumer has the key or the name %q", text)
	default:
		return "", fmt.Errorf("%d consumers have the name %q; take one of their keys: %s", len(named), text, strings.Join(named, ", "))
	}
}

// secret reads a secret of "-" from the standard input.
func (c *caller) secret(text string) (string, error) {
	if text != "-" {
		return text, nil
	}
	lines := bufio.NewScanner(c.stdin)
	if !lines.Scan() {
		return "", errors.Join(errors.New("there is no secret on the standard input"), lines.Err())
	}
	return lines.Text(), nil
}

func state(approved bool) string {
	if approved {
		return "approved"
	}
	return "not approved"
}

func clock(t time.Time) string { return t.Local().Format(time.TimeOnly) }
