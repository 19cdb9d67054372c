package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

// caller is one command on its way to a running emulator.
type caller struct {
	ctx     context.Context
	address string
	stdin   io.Reader
	stdout  io.Writer

	// What the flags say; each command has some of them.
	json, secrets, approved, reset, list, clear bool
	key                                         string
	fault                                       twcloudtest.Fault
}

// commands are the commands in the order of the help.
var commands = []struct {
	usage, help string
	arguments   int // A negative number is at least as many.
	do          func(*caller, []string) error
}{
	{"list [-secrets] [-json]", "list the consumers", 0, (*caller).listConsumers},
	{"add [-key KEY] [-approved] NAME SECRET", "register a consumer", 2, (*caller).add},
	{"rename CONSUMER NAME", "", 2, func(c *caller, args []string) error { return c.change(args[:1], control.Change{Name: &args[1]}) }},
	{"set-secret CONSUMER SECRET", "", 2, (*caller).setSecret},
	{"approve CONSUMER...", "", -1, func(c *caller, consumers []string) error {
		return c.change(consumers, control.Change{Approved: new(true)})
	}},
	{"disapprove CONSUMER...", "", -1, func(c *caller, consumers []string) error {
		return c.change(consumers, control.Change{Approved: new(false)})
	}},
	{"remove CONSUMER...", "", -1, (*caller).remove},
	{"requests [-json] [-reset]", "show the log of requests, and empty it", 0, (*caller).requests},
	{"sessions [-json]", "show who is signed in", 0, (*caller).sessions},
	{"expire-sessions", "end all sessions", 0, (*caller).expireSessions},
	{"fault [flags] KIND | fault -list | fault -clear", "make the next request fail", 1, (*caller).inject},
}

func faultFlags(c *caller) *flag.FlagSet {
	flags := flag.NewFlagSet("fault", flag.ContinueOnError)
	flags.IntVar(&c.fault.Index, "index", 0, "fail the `N`th request since the start or the last requests -reset, instead of the\nnext one that matches")
	flags.IntVar(&c.fault.Times, "times", 1, "fail `N` requests; -1 is all from now on")
	flags.StringVar(&c.fault.Server, "server", "", "only requests to this `server`: rest or webapp")
	flags.StringVar(&c.fault.Method, "method", "", "only requests with this `method`")
	flags.StringVar(&c.fault.PathSuffix, "path-suffix", "", "only requests whose path ends in this `text`")
	flags.StringVar(&c.fault.RetryAfter, "retry-after", "", "`value` of the header Retry-After")
	flags.StringVar(&c.fault.Body, "body", "", "`text` of the answer")
	flags.IntVar(&c.fault.Status, "status", 0, "`status` of the answer, for answer-with")
	return flags
}

// runCommand sends one command to a running emulator.
func runCommand(ctx context.Context, name string, args []string, stdin io.Reader, stdout io.Writer) error {
	c := &caller{ctx: ctx, stdin: stdin, stdout: stdout}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
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
		flags = faultFlags(c)
		flags.BoolVar(&c.list, "list", false, "")
		flags.BoolVar(&c.clear, "clear", false, "")
	}
	flags.StringVar(&c.address, "control-address", defaultControlAddress, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	for _, command := range commands {
		if found, _, _ := strings.Cut(command.usage, " "); found != name {
			continue
		}
		wanted := command.arguments
		if c.list || c.clear {
			wanted = 0
		}
		if flags.NArg() != wanted && (wanted >= 0 || flags.NArg() < -wanted) {
			return misuse("usage: twcloud-emulator %s", command.usage)
		}
		return command.do(c, flags.Args())
	}
	return misuse("there is no command %q", name)
}

var withoutProxy = &http.Client{Transport: &http.Transport{}}

// call sends one request to the control API. With -json, it prints the answer and
// reports that there is nothing more to print.
func (c *caller) call(method, path string, body, into any) (printed bool, err error) {
	content, err := json.Marshal(body)
	if err != nil {
		return false, err
	}
	request, err := http.NewRequestWithContext(c.ctx, method, "http://"+c.address+path, bytes.NewReader(content)) //nolint:gosec // The user names the address.
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := withoutProxy.Do(request) //nolint:gosec // The user names the address.
	if err != nil {
		return false, fmt.Errorf("unable to reach the emulator at %s; is it running? %w", c.address, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		var failure struct{ Message string }
		if json.Unmarshal(answer, &failure) != nil || failure.Message == "" {
			failure.Message = response.Status
		}
		return false, errors.New(failure.Message)
	}
	if into == nil {
		return false, nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return false, fmt.Errorf("the server at %s is not an emulator: %w", c.address, err)
	}
	if c.json {
		_, err = c.stdout.Write(answer)
	}
	return c.json, err
}

// consumerPath escapes dots, too: dots alone are not a segment of a path.
func consumerPath(consumer string) string {
	return "/consumers/" + strings.ReplaceAll(url.PathEscape(consumer), ".", "%2E")
}
