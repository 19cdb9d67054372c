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
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/control"
)

// commands change a running emulator, in the order of the help. In a usage, flags
// are in brackets, and arguments in capital letters.
var commands = []struct {
	usage, help string
	run         func(*caller, []string) error
}{
	{"list [-json]", "list the consumers", (*caller).list},
	{"add [-approved] [-key KEY] NAME SECRET", "register a consumer", (*caller).add},
	{"rename CONSUMER NAME", "give a consumer another name", change(func(c *control.Change, name string) { c.Name = &name })},
	{"set-secret CONSUMER SECRET", "give it another secret", change(func(c *control.Change, secret string) { c.Secret = &secret })},
	{"approve CONSUMER", "let it request tokens", change(func(c *control.Change, _ string) { c.Approved = new(true) })},
	{"disapprove CONSUMER", "no longer let it request tokens", change(func(c *control.Change, _ string) { c.Approved = new(false) })},
	{"remove CONSUMER", "remove a consumer", (*caller).remove},
	{"requests", "show the log of requests", (*caller).requests},
	{"clear-requests", "empty the log of requests", empty("/requests", "The log is empty.")},
	{"sessions", "show who is signed in", (*caller).sessions},
	{"expire-sessions [-applications]", "end all sessions, or those of the platform's applications", (*caller).expireSessions},
	{"fault [flags] KIND", "make the next request fail", (*caller).inject},
	{"clear-faults", "forget the faults to come", empty("/faults", "No faults are pending.")},
}

var flagsInUsage = regexp.MustCompile(`\[[^\]]*\]`)

// caller sends a command to a running emulator.
type caller struct {
	ctx     context.Context
	address string
	stdout  io.Writer

	// What the flags of the commands say.
	json         bool
	approved     bool
	applications bool
	key          string
	fault        emulator.Fault
}

func faultFlags(fault *emulator.Fault) *flag.FlagSet {
	flags := flag.NewFlagSet("fault", flag.ContinueOnError)
	flags.IntVar(&fault.Times, "times", 1, "fail `N` requests; -1 is all from now on")
	flags.StringVar(&fault.Server, "server", "", "only requests to this `server`: rest or webapp")
	flags.StringVar(&fault.Method, "method", "", "only requests with this `method`")
	flags.StringVar(&fault.PathSuffix, "path-suffix", "", "only requests whose path ends in this `text`")
	flags.StringVar(&fault.Body, "body", "", "`text` of the response")
	flags.IntVar(&fault.Status, "status", 0, "`status` of the response, for answer-with")
	return flags
}

// runCommand sends one command to a running emulator.
func runCommand(ctx context.Context, name string, args []string, stdout io.Writer) error {
	c := &caller{ctx: ctx, stdout: stdout}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	switch name {
	case "list":
		flags.BoolVar(&c.json, "json", false, "")
	case "add":
		flags.BoolVar(&c.approved, "approved", false, "")
		flags.StringVar(&c.key, "key", "", "")
	case "expire-sessions":
		flags.BoolVar(&c.applications, "applications", false, "")
	case "fault":
		flags = faultFlags(&c.fault)
	}
	flags.StringVar(&c.address, "control-address", defaultControlAddress, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	for _, command := range commands {
		words := strings.Fields(flagsInUsage.ReplaceAllString(command.usage, ""))
		if words[0] != name {
			continue
		}
		if flags.NArg() != len(words)-1 {
			return misuse("usage: twcloud-emulator %s", command.usage)
		}
		return command.run(c, flags.Args())
	}
	return misuse("there is no command %q", name)
}

var withoutProxy = &http.Client{Transport: &http.Transport{}}

// call sends one request to the control API and decodes the response, if there is
// one.
func (c *caller) call(method, path string, body, into any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(c.ctx, method, "http://"+c.address+path, bytes.NewReader(content)) //nolint:gosec // The user names the address.
	if err != nil {
		return err
	}
	response, err := withoutProxy.Do(request) //nolint:gosec // The user names the address.
	if err != nil {
		return fmt.Errorf("unable to reach the emulator at %s; is it running? %w", c.address, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		var failure control.Failure
		if json.NewDecoder(response.Body).Decode(&failure) != nil || failure.Message == "" {
			failure.Message = response.Status
		}
		return errors.New(failure.Message)
	}
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("the server at %s is not an emulator: %w", c.address, err)
	}
	return nil
}

func (c *caller) say(format string, arguments ...any) error {
	_, err := fmt.Fprintf(c.stdout, format+"\n", arguments...)
	return err
}

// table prints rows of cells below their headings.
func (c *caller) table(headings string, rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, headings)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printable escapes what a terminal would not print as it is.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// send sends a change and prints what has become of the consumer.
func (c *caller) send(method, path string, body any, done string) error {
	var consumer emulator.Consumer
	if err := c.call(method, path, body, &consumer); err != nil {
		return err
	}
	return c.say("%s %q (key %s, %s)", done, consumer.Name, printable(consumer.Key), state(consumer))
}

func state(consumer emulator.Consumer) string {
	if consumer.Approved {
		return "approved"
	}
	return "not approved"
}

// consumerPath escapes dots, too: dots alone are not a segment of a path.
func consumerPath(consumer string) string {
	return "/consumers/" + strings.ReplaceAll(url.PathEscape(consumer), ".", "%2E")
}

// change returns a command that changes the consumer of the first argument. set
// gets the last one.
func change(set func(*control.Change, string)) func(*caller, []string) error {
	return func(c *caller, args []string) error {
		var changed control.Change
		set(&changed, args[len(args)-1])
		return c.send(http.MethodPatch, consumerPath(args[0]), changed, "Changed")
	}
}

// empty returns a command that removes everything at a path.
func empty(path, done string) func(*caller, []string) error {
	return func(c *caller, _ []string) error {
		if err := c.call(http.MethodDelete, path, nil, nil); err != nil {
			return err
		}
		return c.say("%s", done)
	}
}

func (c *caller) list([]string) error {
	var consumers []emulator.Consumer
	if err := c.call(http.MethodGet, "/consumers", nil, &consumers); err != nil {
		return err
	}
	if c.json {
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(consumers)
	}
	var rows [][]string
	for _, consumer := range consumers {
		rows = append(rows, []string{consumer.Name, consumer.Key, state(consumer)})
	}
	return c.table("NAME\tKEY\tSTATUS", rows)
}

func (c *caller) add(args []string) error {
	added := control.Change{Key: c.key, Name: &args[0], Secret: &args[1], Approved: &c.approved}
	return c.send(http.MethodPost, "/consumers", added, "Registered")
}

func (c *caller) remove(args []string) error {
	return c.send(http.MethodDelete, consumerPath(args[0]), nil, "Removed")
}

func (c *caller) requests([]string) error {
	var requests []emulator.Request
	if err := c.call(http.MethodGet, "/requests", nil, &requests); err != nil {
		return err
	}
	var rows [][]string
	for _, r := range requests {
		status := "none"
		if r.Status > 0 {
			status = strconv.Itoa(r.Status)
		}
		if r.Fault != "" {
			status += " (" + r.Fault + ")"
		}
		rows = append(rows, []string{strconv.Itoa(r.Index), r.Server, r.Method, r.Path, status, r.AuthorizationScheme, r.Call, strings.Join(r.Fields, ", ")})
	}
	return c.table("NO.\tSERVER\tMETHOD\tPATH\tSTATUS\tCREDENTIALS\tCALL\tFIELDS", rows)
}

func (c *caller) sessions([]string) error {
	var status control.Status
	if err := c.call(http.MethodGet, "/status", nil, &status); err != nil {
		return err
	}
	seats := "any number of"
	if status.Seats > 0 {
		seats = strconv.Itoa(status.Seats)
	}
	err := c.say("REST API: %d of %s seats taken; %d logins and %d logouts so far.", len(status.Sessions), seats, status.Logins, status.Logouts)
	if err != nil {
		return err
	}
	err = c.say("Web Application Platform: %d sessions; %d sign-ins, %d refused, and %d sign-outs so far.",
		len(status.PlatformSessions), status.Platform.SignIns, status.Platform.FailedSignIns, status.Platform.SignOuts)
	if err != nil || len(status.Sessions)+len(status.PlatformSessions) == 0 {
		return err
	}
	var rows [][]string
	add := func(number int, user string, opened, used time.Time, server string) {
		rows = append(rows, []string{strconv.Itoa(number), user, opened.Local().Format(time.TimeOnly), used.Local().Format(time.TimeOnly), server})
	}
	for _, s := range status.Sessions {
		add(s.Number, s.User, s.Opened, s.LastUsed, "REST API")
	}
	for _, s := range status.PlatformSessions {
		add(s.Number, s.User, s.Opened, s.LastUsed, "/"+s.Application)
	}
	return c.table("SESSION\tUSER\tOPENED\tLAST USED\tSERVER", rows)
}

func (c *caller) expireSessions([]string) error {
	if c.applications {
		return empty("/sessions/applications", "The sessions of the platform's applications have expired.")(c, nil)
	}
	return empty("/sessions", "All sessions have expired.")(c, nil)
}

func (c *caller) inject(args []string) (err error) {
	if c.fault.Kind, err = emulator.ParseFaultKind(args[0]); err != nil {
		return err
	}
	if err := c.call(http.MethodPost, "/faults", c.fault, nil); err != nil {
		return err
	}
	matches := "The next request that matches gets"
	switch times := c.fault.Times; {
	case times < 0:
		matches = "From now on, each request that matches gets"
	case times > 1:
		matches = fmt.Sprintf("The next %d requests that match get", times)
	}
	return c.say("%s %s (%s).", matches, c.fault.Kind, c.fault.Kind.Help())
}
