package provider

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// trial tries each change on its own consumer.
type trial struct {
	report *checkReport
	client *twcloud.Client

	// id is in every name that the trial gives, and in no other name.
	id   string
	name string
	// secret is the last one that the server accepted.
	secret string

	// unknown is true if the outcome of the registration is unknown.
	unknown bool
	// consumer is the registered consumer as the server returned it last. The key
	// is empty if it is unknown.
	consumer twcloud.Consumer
}

// newTrial gives the consumer a name that shows whether the server keeps one as it
// is: with upper case, blanks, and a letter that is not ASCII.
func newTrial(report *checkReport, client *twcloud.Client) *trial {
	id := randomText(4)
	return &trial{report: report, client: client, id: id, name: "Terraform Prüfung " + id, secret: randomText(16)}
}

// randomText returns n random bytes as hexadecimal digits.
func randomText(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // It never fails.
	return hex.EncodeToString(random)
}

// run tries everything. In any case, it removes what it registered.
func (t *trial) run(ctx context.Context) {
	if t.skips("register") {
		return
	}
	if t.report.lacks("remove") {
		t.report.note("remove", fmt.Sprintf("not in the profile: remove %q yourself when the check has ended", t.name), "")
	}
	t.report.guard("write check", func() { t.steps(ctx) })
	ctx, cancel := t.client.SeeThrough(ctx)
	defer cancel()
	t.report.guard("remove", func() { t.cleanUp(ctx) })
}

// steps stops at the first step after which the trial cannot continue.
func (t *trial) steps(ctx context.Context) {
	renamed := t.name + " renamed"
	_ = t.register(ctx) &&
		t.read(ctx) &&
		t.change(ctx, "approve", twcloud.Changes{Approved: new(true)}) &&
		t.proveFirstSecret(ctx) &&
		t.disapprove(ctx) &&
		t.change(ctx, "rename", twcloud.Changes{Name: &renamed}) &&
		t.approveAgain(ctx) &&
		t.changeSecret(ctx)
}

func (t *trial) register(ctx context.Context) bool {
	registration, err := t.client.Register(ctx, t.name, t.secret)
	t.consumer = registration.Consumer
	if t.consumer.Key == "" {
		t.unknown = isType[*twcloud.RegistrationError](err) || twcloud.Uncertain(err)
		t.report.failure("register", err)
		if errors.Is(err, twcloud.ErrInvalid) {
			t.report.note("register", "the server may refuse the upper case, the blanks, or the umlaut of this name", "")
		}
		return false
	}
	if err != nil && !errors.Is(err, twcloud.ErrOtherName) { // The list shows the other name.
		t.report.failure("register", err)
		return t.goOn(ctx, "register", err)
	}
	if registration.Adopted != nil {
		t.report.failure("register", registration.Adopted)
	}
	// Report the key before anything else can fail.
	t.report.ok("register", fmt.Sprintf("calls.register: %s", t.describe(t.consumer)))
	listed, ok := t.listed(ctx, "register")
	if !ok {
		return false
	}
	want := twcloud.Consumer{Key: t.consumer.Key, Name: t.name, Approved: listed.Approved}
	t.compare("register", "calls.register", want, listed)
	if listed.Approved {
		t.report.note("register", "calls.register: the new consumer is approved from the start", "")
	}
	return true
}

// read reads the consumer by key, if the profile has a call for that.
func (t *trial) read(ctx context.Context) bool {
	got, err := t.client.Ask(ctx, t.consumer.Key)
	_, lacks := lackedCall(err)
	switch {
	case lacks:
		return true
	case err != nil:
		t.report.failure("read", err)
		return !endsTrial(err)
	case t.compare("read", "calls.read", t.consumer, got):
		t.report.ok("read", "calls.read")
	}
	return true
}

// change makes one change, and compares the result with the expected one. The
// subject is the name of the call for this change. It returns whether the trial
// can continue.
func (t *trial) change(ctx context.Context, subject string, changes twcloud.Changes) bool {
	if t.skips(subject) {
		return true
	}
	changes.KnownSecret = &t.secret
	part := t.client.PartFor(changes)
	_, err := t.client.Update(ctx, t.consumer.Key, changes)
	if err != nil && !isType[*twcloud.NotAppliedError](err) {
		t.report.failure(subject, err)
		return t.goOn(ctx, subject, err)
	}
	want := t.consumer
	if changes.Name != nil {
		want.Name = *changes.Name
	}
	if changes.Approved != nil {
		want.Approved = *changes.Approved
	}
	listed, ok := t.listed(ctx, subject)
	if !ok {
		return false
	}
	if t.compare(subject, part, want, listed) {
		t.report.ok(subject, part)
	}
	return true
}

// disapprove proves something only if the consumer is approved.
func (t *trial) disapprove(ctx context.Context) bool {
	if !t.consumer.Approved && !t.report.lacks("disapprove") {
		t.report.note("disapprove", "not tried, because the consumer is not approved", "")
		return true
	}
	return t.change(ctx, "disapprove", twcloud.Changes{Approved: new(false)})
}

// approveAgain approves the consumer to prove its secret.
func (t *trial) approveAgain(ctx context.Context) bool {
	if t.consumer.Approved || t.report.failed("approve") || t.report.lacks("approve") {
		return true
	}
	return t.change(ctx, "approve", twcloud.Changes{Approved: new(true)})
}

// listed reads the consumer from a new list, and reports if it is missing.
func (t *trial) listed(ctx context.Context, subject string) (twcloud.Consumer, bool) {
	consumers, err := t.client.View().List(ctx)
	if err != nil {
		t.report.failure(subject, err)
		return twcloud.Consumer{}, false
	}
	i := slices.IndexFunc(consumers, func(c twcloud.Consumer) bool { return c.Key == t.consumer.Key })
	if i < 0 {
		t.report.differs = true
		t.report.bad(subject, "calls.list: the list does not have the consumer", "")
		return twcloud.Consumer{}, false
	}
	return consumers[i], true
}

// compare reports how the consumer differs from the expected one, and stores
// it.
func (t *trial) compare(subject, part string, want, got twcloud.Consumer) bool {
	t.consumer = got
	var parts []string
	if got.Name != want.Name {
		parts = append(parts, fmt.Sprintf("the name is %s in place of %q", t.shownName(got.Name), want.Name))
	}
	if got.Approved != want.Approved {
		parts = append(parts, fmt.Sprintf("approved is %t in place of %t", got.Approved, want.Approved))
	}
	if len(parts) == 0 {
		return true
	}
	t.report.deviates(subject, part, strings.Join(parts, ", and "))
	return false
}

// shortestPart is how long a part of the trial's name is that cannot be another
// consumer's name by chance.
const shortestPart = 6

// shownName hides a name that is not a part of one that the trial has given, because
// it can be private.
func (t *trial) shownName(name string) string {
	if !t.isOwn(name) && (len(name) < shortestPart || !strings.Contains(t.name, name)) {
		return "another one"
	}
	return fmt.Sprintf("%q", t.report.clean(name))
}

// isOwn reports whether the trial gave a name. The server may have changed its
// case or added to it.
func (t *trial) isOwn(name string) bool { return strings.Contains(strings.ToLower(name), t.id) }

func (t *trial) describe(consumer twcloud.Consumer) string {
	name := consumer.Name
	if !t.isOwn(name) {
		name = t.name
	}
	return fmt.Sprintf("%q (key %q)", t.report.clean(name), t.report.clean(consumer.Key))
}

// skips reports whether the profile does not have a call, and notes it.
func (t *trial) skips(call string) bool {
	lacks := t.report.lacks(call)
	if lacks {
		t.report.note(call, "not in the profile", "")
	}
	return lacks
}

// goOn reads the consumer after an error. It returns whether the trial can
// continue.
func (t *trial) goOn(ctx context.Context, subject string, err error) bool {
	if endsTrial(err) {
		return false
	}
	listed, ok := t.listed(ctx, subject)
	if ok {
		t.consumer = listed
	}
	return ok
}

// endsTrial reports whether an error affects more than one call.
func endsTrial(err error) bool {
	failure := failureOf(err)
	return failure.Login || failure.Listing ||
		isAny(err, twcloud.ErrCanceled, twcloud.ErrClosed, twcloud.ErrUnreachable, twcloud.ErrTimeout, twcloud.ErrSession,
			twcloud.ErrPanic, twcloud.ErrNotFound)
}
