package simulation

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// checkSessions: every session is signed out, except those whose cookie never
// arrived, and those of a process that was killed.
func (w *world) checkSessions(lost int, faults []fault) {
	allowed := lost
	for _, f := range faults {
		if f.ends() {
			allowed++
		}
	}
	if open := w.server.OpenSessions(); open > allowed {
		w.violate("%d sessions are open, and the cookies of %d never arrived", open, lost)
	}
}

// checkNothingLost: every consumer on the server is in state, or somebody else's,
// or a diagnostic has named its key. No two resources have one key.
func (w *world) checkNothingLost(text string, faults []fault) {
	owner := map[string]string{}
	for address := range w.state {
		key := w.keyOf(address)
		if other, taken := owner[key]; taken {
			w.violate("%s and %s have the same key", address, other)
		}
		owner[key] = address
	}
	for _, f := range w.foreign {
		switch now, found := w.server.Consumer(f.Key); {
		case !found:
			w.violate("somebody else's consumer %q was removed", f.Name)
		case now != f: // Whether it was adopted, checkAdoptions knows.
			w.violate("somebody else's consumer was changed to %+v", now)
		}
	}
	ended := slices.ContainsFunc(faults, fault.ends)
	for _, c := range w.server.Consumers() {
		if w.isForeign(c.Key) {
			continue
		}
		if owner[c.Key] != "" {
			delete(w.orphans, c.Key)
			continue
		}
		// Without a call that removes, a consumer leaves the state only with a warning.
		leaves := w.profile.Calls.Remove == nil && strings.Contains(text, fmt.Sprintf("(key %q) is not removed", c.Key))
		if w.owned[c.Key] && !leaves {
			w.violate("consumer %q (key %q) is on the server, and state has lost it", c.Name, c.Key)
		}
		told, known := w.orphans[c.Key]
		w.orphans[c.Key] = told || strings.Contains(text, c.Key)
		switch {
		case w.orphans[c.Key], known:
		case ended && w.seen[c.Key].Key == "":
			// The next run must name it.
		case w.renames && strings.Contains(text, "may exist on the server"):
			// Its name is not the one that the provider knows and names.
			w.orphans[c.Key] = true
		case w.unseen, (w.deviates || w.profile.OnlyRegisters()) && w.named[c.Name]:
			// The server has kept quiet, or was late: an earlier run has named it.
			w.orphans[c.Key] = true
		case strings.Contains(text, mayExist(c.Name)):
			// The list could not be read: the next run must name the key.
		case strings.Contains(text, fmt.Sprintf("A second OAuth consumer %q may exist", c.Name)):
			// The message says that the user has to look, and no run will register this name
			// again.
			w.orphans[c.Key] = true
		case w.refuses && strings.Contains(text, fmt.Sprintf("OAuth consumer %q", c.Name)):
			// The next run must name the key.
		default:
			w.violate("consumer %q (key %q) is on the server and nobody knows", c.Name, c.Key)
		}
	}
}

// checkNamed: a run with the name of an orphan has named its key, or one before has.
func (w *world) checkNamed(s step, attempt int) {
	for key, told := range w.orphans {
		c, there := w.server.Consumer(key)
		again := slices.ContainsFunc(slices.Collect(maps.Values(s.config)), func(wanted consumer) bool { return wanted.name == c.Name })
		if there && !told && again && w.seen[key].Key != "" && (!w.deviates || !w.named[c.Name]) {
			w.violate("%s.%d: consumer %q (key %q) was orphaned, and no run has named it since", s.name, attempt, c.Name, key)
		}
	}
}

// mayExist is what the provider says when it doesn't know a key.
func mayExist(name string) string {
	return fmt.Sprintf("A consumer named %q may exist on the server", name)
}

// checkTaint: Ctrl-C alone leaves nothing tainted.
func (w *world) checkTaint(faults []fault) {
	// A server that deviates may fail an approval by itself.
	if len(faults) == 0 || w.deviates || slices.ContainsFunc(faults, func(f fault) bool { return !f.interrupts() }) {
		return
	}
	for address, stored := range w.state {
		if stored.tainted && !w.tainted[address] {
			w.violate("%s is tainted after Ctrl-C", address)
		}
	}
}

// checkSecrets: no diagnostic and no log has a secret, unless a profile has sent secrets
// as names, which everybody sees.
func (w *world) checkSecrets(text string) {
	basic := base64.StdEncoding.EncodeToString([]byte(emulator.AdminName + ":" + emulator.AdminPassword))
	w.mu.Lock()
	secrets, log := append(slices.Clone(w.cookies), emulator.AdminPassword, basic), w.log.String()
	if !slices.ContainsFunc(w.server.Consumers(), func(c emulator.Consumer) bool { return strings.Contains(c.Name, secretMark) }) {
		secrets = append(secrets, secretMark)
	}
	w.log.Reset()
	w.mu.Unlock()
	for place, text := range map[string]string{"a diagnostic": text, "the log": log} {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				w.violate("%q is in %s", secret, place)
			}
		}
	}
}

// checkWords: if an error says that nothing was done, nothing was done. A panic
// asks for a report.
func (w *world) checkWords(result *outcome, faults []fault) {
	// A process that was killed says nothing, and one that was interrupted doesn't wait
	// for a response.
	ended := slices.ContainsFunc(faults, fault.ends)
	silent := ended || slices.ContainsFunc(faults, fault.interrupts)
	text := result.text()
	for _, f := range faults {
		if !silent && strings.HasPrefix(string(f.kind), "panic") && !strings.Contains(text, "please report it") {
			w.violate("nobody is asked to report the panic at %s", f.label)
		}
	}
	for _, d := range result.diagnostics {
		about, _, _ := strings.Cut(d.Detail, " failed")
		for key, before := range w.seen {
			now, _ := w.server.Consumer(key)
			if now != before && !w.touched[key] && strings.Contains(about, key) && !w.refuses && strings.Contains(d.Detail, "Nothing was changed.") {
				w.violate("consumer %q was changed, but the user read: %s", before.Name, d.Detail)
			}
		}
		if ended || !strings.Contains(d.Detail, "Nothing was registered.") {
			continue
		}
		for _, c := range w.server.Consumers() {
			told := w.refuses || strings.Contains(text, c.Key) || strings.Contains(text, mayExist(c.Name)) || w.deviates && w.named[c.Name]
			if w.seen[c.Key].Key == "" && !w.owns(c.Key) && !w.isForeign(c.Key) && !told && strings.Contains(d.Detail, fmt.Sprintf("%q", c.Name)) {
				w.violate("consumer %q was registered, but the user read: %s", c.Name, d.Detail)
			}
		}
	}
}

// checkAgreement: after a run that has reported success, configuration, state,
// and server agree, unless a warning has told how they differ.
func (w *world) checkAgreement(config configuration, text string, disturbed bool) {
	for address := range w.state {
		if _, wanted := config[address]; !wanted {
			w.violate("%s is in state, but not configured", address)
		}
	}
	for address, wanted := range config {
		stored, found := w.state[address]
		if !found {
			w.violate("%s is configured, but not in state", address)
			continue
		}
		if stored.tainted {
			w.violate("%s is tainted after success", address)
		}
		there, found := w.server.Consumer(w.keyOf(address))
		if w.touched[w.keyOf(address)] || strings.Contains(text, fmt.Sprintf("OAuth consumer %q has another name now", wanted.name)) {
			continue
		}
		if !found {
			w.violate("%s is in state, but not on the server", address)
			continue
		}
		if there.Name != wanted.name || there.Approved != wanted.approved && !w.inverted {
			w.violate("%s is %q, approved %t on the server", address, there.Name, there.Approved)
		}
		if !w.unseen && there.Secret != wanted.wantedSecret() {
			w.violate("%s has the secret %q on the server, and %q is configured", address, there.Secret, wanted.wantedSecret())
		}
		values := stored.attributes
		approved := tftypes.NewValue(tftypes.Bool, wanted.approved)
		// A proof that is unclear changes nothing.
		agrees := values["approved"].Equal(approved) || wanted.byPerson && disturbed
		if values.text("name") != wanted.name || !agrees || values.text("secret") != wanted.secret {
			w.violate("%s is %v in state", address, values)
		}
	}
}
