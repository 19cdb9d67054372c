package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

func (c *caller) say(format string, arguments ...any) error {
	_, err := fmt.Fprintf(c.stdout, format+"\n", arguments...)
	return err
}

// table prints rows of cells. The first row has the headings.
func (c *caller) table(rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

func state(approved bool) string {
	if approved {
		return "approved"
	}
	return "not approved"
}

func (c *caller) listConsumers([]string) error {
	path := "/consumers"
	if c.secrets {
		path += "?secrets=true"
	}
	var consumers []twcloudtest.Consumer
	if printed, err := c.call(http.MethodGet, path, nil, &consumers); err != nil || printed {
		return err
	}
	if len(consumers) == 0 {
		return c.say("There are no consumers.")
	}
	rows := [][]string{{"NAME", "KEY", "STATUS"}}
	if c.secrets {
		rows[0] = append(rows[0], "SECRET")
	}
	for _, consumer := range consumers {
		row := []string{consumer.Name, consumer.Key, state(consumer.Approved)}
		if c.secrets {
			row = append(row, consumer.Secret)
		}
		rows = append(rows, row)
	}
	return c.table(rows)
}

// secret reads a secret of "-" from standard input.
func (c *caller) secret(text string) (string, error) {
	if text != "-" {
		return text, nil
	}
	lines := bufio.NewScanner(c.stdin)
	if !lines.Scan() {
		return "", errors.Join(errors.New("there is no secret on standard input"), lines.Err())
	}
	return lines.Text(), nil
}

func (c *caller) add(args []string) error {
	secret, err := c.secret(args[1])
	if err != nil {
		return err
	}
	return c.send(http.MethodPost, "/consumers", control.Change{Key: c.key, Name: &args[0], Secret: &secret, Approved: &c.approved}, "Registered")
}

func (c *caller) setSecret(args []string) error {
	secret, err := c.secret(args[1])
	if err != nil {
		return err
	}
	return c.change(args[:1], control.Change{Secret: &secret})
}

func (c *caller) change(consumers []string, change control.Change) error {
	for _, consumer := range consumers {
		if err := c.send(http.MethodPatch, consumerPath(consumer), change, "Changed"); err != nil {
			return err
		}
	}
	return nil
}

func (c *caller) remove(consumers []string) error {
	for _, consumer := range consumers {
		if err := c.send(http.MethodDelete, consumerPath(consumer), nil, "Removed"); err != nil {
			return err
		}
	}
	return nil
}

// send sends a change and prints what has become of the consumer.
func (c *caller) send(method, path string, body any, done string) error {
	var consumer twcloudtest.Consumer
	if _, err := c.call(method, path, body, &consumer); err != nil {
		return err
	}
	return c.say("%s %q (key %s, %s)", done, consumer.Name, consumer.Key, state(consumer.Approved))
}

func (c *caller) requests([]string) error {
	var requests []twcloudtest.Request
	printed, err := c.call(http.MethodGet, "/requests", nil, &requests)
	if err == nil && c.reset {
		_, err = c.call(http.MethodDelete, "/requests", nil, nil)
	}
	if err != nil || printed {
		return err
	}
	if len(requests) == 0 {
		return c.say("There are no requests.")
	}
	rows := [][]string{{"NO.", "SERVER", "METHOD", "PATH", "ANSWER", "SIGNED IN WITH", "CALL", "FIELDS"}}
	for _, r := range requests {
		answer := "none"
		if r.Status > 0 {
			answer = strconv.Itoa(r.Status)
		}
		if r.Fault != "" {
			answer += " (" + r.Fault + ")"
		}
		with := r.AuthorizationScheme
		if r.HasCookie {
			with = strings.TrimPrefix(with+", cookie", ", ")
		}
		rows = append(rows, []string{strconv.Itoa(r.Index), r.Server, r.Method, r.Path, answer, with, r.Call, strings.Join(r.Fields, ", ")})
	}
	return c.table(rows)
}

func (c *caller) sessions([]string) error {
	var status control.Status
	if printed, err := c.call(http.MethodGet, "/status", nil, &status); err != nil || printed {
		return err
	}
	seats := "any number of"
	if status.Seats > 0 {
		seats = strconv.Itoa(status.Seats)
	}
	err := c.say("%d of %s seats taken; %d logins and %d logouts so far.", len(status.Sessions), seats, status.Logins, status.Logouts)
	if err != nil || len(status.Sessions) == 0 {
		return err
	}
	rows := [][]string{{"SESSION", "USER", "OPENED", "LAST USED"}}
	for _, s := range status.Sessions {
		rows = append(rows, []string{strconv.Itoa(s.Number), s.User, s.Opened.Local().Format(time.TimeOnly), s.LastUsed.Local().Format(time.TimeOnly)})
	}
	return c.table(rows)
}

func (c *caller) expireSessions([]string) error {
	if _, err := c.call(http.MethodDelete, "/sessions", nil, nil); err != nil {
		return err
	}
	return c.say("All sessions have expired.")
}

func (c *caller) inject(args []string) error {
	switch {
	case c.list:
		var faults control.Faults
		if _, err := c.call(http.MethodGet, "/faults", nil, &faults); err != nil {
			return err
		}
		for _, kind := range faults.Kinds {
			if err := c.say("%s", kind); err != nil {
				return err
			}
		}
		return c.say("\n%d pending", faults.Pending)
	case c.clear:
		if _, err := c.call(http.MethodDelete, "/faults", nil, nil); err != nil {
			return err
		}
		return c.say("No faults are pending.")
	}
	kind, err := twcloudtest.ParseFaultKind(args[0])
	if err != nil {
		return err
	}
	c.fault.Kind = kind
	if _, err := c.call(http.MethodPost, "/faults", c.fault, nil); err != nil {
		return err
	}
	if c.fault.Index > 0 {
		return c.say("Request %d gets %s.", c.fault.Index, kind)
	}
	return c.say("The next request that matches gets %s.", kind)
}
