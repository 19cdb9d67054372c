package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// cleanUp removes what the trial registered, also if the response to the
// registration was lost. It names what it cannot remove.
func (t *trial) cleanUp(ctx context.Context) {
	left := map[string]twcloud.Consumer{}
	remove := func(consumer twcloud.Consumer) {
		left[consumer.Key] = consumer
		if t.remove(ctx, consumer) {
			delete(left, consumer.Key)
		}
	}
	defer func() {
		// This also runs after a panic.
		for _, consumer := range left {
			t.nameLeftover(consumer)
		}
	}()

	found := t.consumer.Key != ""
	if found {
		remove(t.consumer)
	}
	consumers, err := t.client.View().List(ctx)
	for _, consumer := range consumers {
		_, failed := left[consumer.Key]
		switch {
		case failed:
			left[consumer.Key] = consumer
		case consumer.Key == t.consumer.Key:
			t.report.deviates("remove", "calls.remove", "the list still has the consumer")
			left[consumer.Key] = consumer
		case t.isOwn(consumer.Name):
			t.report.note("remove", "found "+t.describe(consumer)+": the response to its registration was lost, or not understood", "")
			found = true
			remove(consumer)
		}
	}
	if !found && t.unknown {
		reason := "the list does not have it"
		if err != nil {
			reason = "the list cannot be read: " + describeFailure(err)
		}
		t.report.bad("remove", fmt.Sprintf("%q may have been registered, or may still be; %s", t.name, reason),
			"Look for it in TWCloud Admin, and remove it if it is there.")
	}
}

// remove removes a consumer of the trial, and reports the result.
func (t *trial) remove(ctx context.Context, consumer twcloud.Consumer) bool {
	if t.report.lacks("remove") {
		return false // The report has it in advance.
	}
	err := t.client.Remove(ctx, consumer.Key)
	switch {
	case err == nil:
		t.report.ok("remove", "calls.remove")
	case errors.Is(err, twcloud.ErrNotApplied):
		t.report.deviates("remove", "calls.remove", "the consumer still exists")
	default:
		t.report.failure("remove", err)
	}
	return err == nil
}

func (t *trial) nameLeftover(consumer twcloud.Consumer) {
	report := t.report.bad
	if t.report.lacks("remove") {
		report = t.report.note
	}
	report("remove", t.describe(consumer)+" may still exist on the server", "Remove it in TWCloud Admin, on the page OAuth consumers.")
}
