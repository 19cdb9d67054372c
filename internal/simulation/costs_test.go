package simulation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// TestCosts compares the requests of each run with what the guide on sessions says.
func TestCosts(t *testing.T) {
	t.Parallel()
	_, trace := faultFree(t, schedule{oneSeat: true})
	sent := map[string][]string{}
	for _, l := range trace {
		run, request := l.step+" "+l.process, strings.TrimSpace(l.call+" "+l.target)
		if l.looks() {
			request = l.call
		}
		sent[run] = append(sent[run], request)
	}
	const plan = "list, login, logout"
	for run, want := range map[string]string{
		"create plan":  plan,
		"change plan":  plan,
		"destroy plan": plan,
		// The provider reads the consumer of the first registration, unless it is approved.
		"create apply": "approve alpha, approve gamma, list, login, logout, [read, ]register alpha, register beta, register gamma",
		"change apply": "approve beta, disapprove gamma, edit alpha, login, logout, set_secret beta, set_secret gamma",
		// It reads the consumer of the first removal.
		"destroy apply": "login, logout, read, remove alpha, remove beta, remove twin, remove twin",
	} {
		slices.Sort(sent[run])
		got := strings.Join(sent[run], ", ")
		without, with := strings.Replace(want, "[read, ]", "", 1), strings.NewReplacer("[", "", "]", "").Replace(want)
		if got != without && got != with {
			t.Errorf("%s: %s, want %s", run, got, want)
		}
	}
}

// TestUnknownValues applies what is configured already with values that are not known
// at plan. Nothing is sent, and nothing changes.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	w, err := newWorld(emulator.Config{}, schedule{unknown: true}, checkpoint{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	create := scenario[0]
	if result := w.run(create, 1); result.failed {
		t.Fatal(result.text())
	}
	before, state := w.server.Consumers(), maps.Clone(w.state)
	sent := len(w.traced())
	if result := w.run(create, 2); result.failed || !result.changed {
		t.Errorf("changed: %t, %s", result.changed, result.text())
	}
	for _, l := range w.traced()[sent:] {
		if !(fault{label: l}).reads() {
			t.Errorf("sent: %s", l)
		}
	}
	if after := w.server.Consumers(); !slices.Equal(before, after) {
		t.Errorf("the server has %+v, want %+v", after, before)
	}
	for address, stored := range w.state {
		if !maps.EqualFunc(stored.attributes, state[address].attributes, tftypes.Value.Equal) {
			t.Errorf("%s is %v in state, want %v", address, stored.attributes, state[address].attributes)
		}
	}
	for _, violation := range w.violated() {
		t.Error(violation)
	}
}
