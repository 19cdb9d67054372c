package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

func (c *caller) listConsumers([]string) error {
	consumers, err := c.client.Consumers(c.ctx, c.secrets)
	if err != nil {
		return err
	}
	if c.json {
		return c.sayJSON(consumers)
	}
	if len(consumers) == 0 {
		return c.say("No consumers are registered.")
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

func (c *caller) add(args []string) error {
	secret, err := c.secret(args[1])
	if err != nil {
		return err
	}
	added, err := c.client.Add(c.ctx, control.Consumer{Key: c.key, Name: args[0], Secret: secret, Approved: c.approved})
	if err != nil {
		return err
	}
	return c.say("Added %q, %s, with the key %s", added.Name, state(added.Approved), added.Key)
}

func (c *caller) update(consumer string, change control.Change) error {
	key, err := c.find(consumer)
	if err != nil {
		return err
	}
	changed, err := c.client.Update(c.ctx, key, change)
	if err != nil {
		return err
	}
	return c.say("Changed %q, %s, with the key %s", changed.Name, state(changed.Approved), changed.Key)
}

func (c *caller) rename(args []string) error {
	return c.update(args[0], control.Change{Name: &args[1]})
}

func (c *caller) setSecret(args []string) error {
	secret, err := c.secret(args[1])
	if err != nil {
		return err
	}
	return c.update(args[0], control.Change{Secret: &secret})
}

func (c *caller) approve(consumers []string, approved bool) error {
	for _, consumer := range consumers {
		if err := c.update(consumer, control.Change{Approved: &approved}); err != nil {
			return err
		}
	}
	return nil
}

func (c *caller) remove(consumers []string) error {
	for _, consumer := range consumers {
		key, err := c.find(consumer)
		if err != nil {
			return err
		}
		if err := c.client.Remove(c.ctx, key); err != nil {
			return err
		}
		if err := c.say("Removed the consumer with the key %s", key); err != nil {
			return err
		}
	}
	return nil
}

func (c *caller) requests([]string) error {
	requests, err := c.client.Requests(c.ctx)
	if err != nil {
		return err
	}
	if c.reset {
		if err := c.client.ResetRequests(c.ctx); err != nil {
			return err
		}
	}
	if c.json {
		return c.sayJSON(requests)
	}
	if len(requests) == 0 {
		return c.say("Nobody has called yet.")
	}
	rows := [][]string{{"NO.", "SERVER", "METHOD", "PATH", "ANSWER", "SIGNED IN WITH", "FIELDS"}}
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
		rows = append(rows, []string{strconv.Itoa(r.Index), r.Server, r.Method, r.Path, answer, with, strings.Join(r.Fields, ", ")})
	}
	return c.table(rows)
}

func (c *caller) sessions([]string) error {
	sessions, err := c.client.Sessions(c.ctx)
	if err != nil {
		return err
	}
	if c.json {
		return c.sayJSON(sessions)
	}
	seats := "any number of"
	if sessions.Seats > 0 {
		seats = strconv.Itoa(sessions.Seats)
	}
	if err := c.say("%d of %s seats taken; %d logins and %d logouts so far.", len(sessions.Open), seats, sessions.Logins, sessions.Logouts); err != nil {
		return err
	}
	if len(sessions.Open) == 0 {
		return nil
	}
	rows := [][]string{{"SESSION", "USER", "OPENED", "LAST USED"}}
	for _, s := range sessions.Open {
		rows = append(rows, []string{strconv.Itoa(s.Number), s.User, clock(s.Opened), clock(s.LastUsed)})
	}
	return c.table(rows)
}

func (c *caller) expireSessions([]string) error {
	if err := c.client.ExpireSessions(c.ctx); err != nil {
		return err
	}
	return c.say("All sessions have expired.")
}

func (c *caller) injectFault(args []string) error {
	if c.list {
		faults, err := c.client.Faults(c.ctx)
		if err != nil {
			return err
		}
		return c.say("%s\n\n%d to come.", strings.Join(faults.Kinds, "\n"), faults.Pending)
	}
	if c.clear {
		if err := c.client.ClearFaults(c.ctx); err != nil {
			return err
		}
		return c.say("There are no more faults to come.")
	}
	c.fault.Kind = args[0]
	if err := c.client.Inject(c.ctx, c.fault); err != nil {
		return err
	}
	which := "the next one that matches"
	if c.fault.Index > 0 {
		which = fmt.Sprintf("number %d", c.fault.Index)
	}
	return c.say("%s will befall requests, beginning with %s.", c.fault.Kind, which)
}
