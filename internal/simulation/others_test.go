package simulation

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const (
	// othersRegister has somebody else register a consumer of the same name right before
	// the request. It arrives; or it arrives, and the response is lost; or it is lost.
	othersRegister        kind = "others-register"
	othersRegisterToo     kind = "others-register-too"
	othersRegisterInstead kind = "others-register-instead"
	// othersRename, othersRemove, and othersApprove have somebody else change the
	// consumer, or take its approval back, right before the request. With a list, they
	// do so right after it.
	othersRename  kind = "others-rename"
	othersRemove  kind = "others-remove"
	othersApprove kind = "others-approve"
	// secondsPass and minutePasses have somebody else register a consumer of each
	// configured name after the request, while the lists of the provider get old.
	secondsPass  kind = "seconds-pass"
	halfMinute   kind = "half-a-minute-passes"
	minutePasses kind = "a-minute-passes"
)

var (
	losing  = map[kind]emulator.FaultKind{othersRegisterToo: emulator.DropAfter, othersRegisterInstead: emulator.DropBefore}
	passing = map[kind]time.Duration{secondsPass: 3 * time.Second, halfMinute: 30 * time.Second, minutePasses: time.Minute}
)

// othersKinds are what other people can do at a request.
func othersKinds(l label) []kind {
	switch {
	case l.call == "register":
		return []kind{othersRegister, othersRegisterToo, othersRegisterInstead, secondsPass, halfMinute, minutePasses}
	case l.call == "list", l.target != "":
		return []kind{othersRename, othersRemove, othersApprove}
	}
	return nil
}

// byOthers says whether somebody else does something.
func (k kind) byOthers() bool {
	return strings.HasPrefix(string(k), "others-") || passing[k] != 0
}

// now is the time of the provider.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.passed.Load())) }

// withOthers sends a request, before or after which somebody else does something.
func (p *process) withOthers(request *http.Request, name label, kind kind, inject func(emulator.Fault) (*http.Response, error)) (*http.Response, error) {
	switch passed := passing[kind]; {
	case passed != 0, name.call == "list":
	case name.call == "register":
		p.othersRegister(name.target)
	default:
		p.othersChange(name.target, kind)
	}
	if lost := losing[kind]; lost != 0 {
		return inject(emulator.Fault{Kind: lost})
	}
	response, err := p.sendTo(request, name)
	if name.call == "list" {
		p.othersChange("", kind)
	}
	if passed := passing[kind]; passed != 0 {
		for _, wanted := range p.wanted {
			p.othersRegister(wanted.name)
		}
		p.passed.Add(int64(passed))
	}
	return response, err
}

// othersRegister registers a consumer that is somebody else's.
func (p *process) othersRegister(name string) {
	c := p.server.AddConsumer(emulator.Consumer{Name: name, Secret: secretMark + "foreign"})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.foreign = append(p.foreign, c)
}

// othersChange changes one of our consumers; with no name, the first one.
func (p *process) othersChange(name string, kind kind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.server.Consumers() {
		if p.isForeign(c.Key) || name != "" && p.names[c.Key] != name {
			continue
		}
		p.touched[c.Key] = true
		if kind == othersRemove {
			p.server.RemoveConsumer(c.Key)
			return
		}
		p.server.UpdateConsumer(c.Key, func(c *emulator.Consumer) {
			if kind == othersRename {
				c.Name = "renamed by others"
			} else {
				c.Approved = !c.Approved
			}
		})
		return
	}
}

// isForeign says whether a consumer is somebody else's.
func (w *world) isForeign(key string) bool {
	return slices.ContainsFunc(w.foreign, func(c emulator.Consumer) bool { return c.Key == key })
}

// noteLists notes which consumers a list has shown before a registration left. The
// caller holds the mutex.
func (p *process) noteLists(name label) {
	switch name.call {
	case "list":
		p.listing[name] = p.server.Consumers()
	case "register":
		if p.shown[name.target] == nil {
			p.shown[name.target] = maps.Clone(p.listed)
		}
	}
}

var adoption = regexp.MustCompile(`OAuth consumer "([^"]*)" adopted with key "([^"]*)"`)

// checkAdoptions: a consumer that a list has shown before the registration is never
// adopted. One that was adopted belongs to Terraform.
func (w *world) checkAdoptions(text string) {
	for _, found := range adoption.FindAllStringSubmatch(text, -1) {
		name, key := found[1], found[2]
		if w.shown[name][key] {
			w.violate("consumer %q (key %q) was adopted, and had been listed before", name, key)
		}
		w.foreign = slices.DeleteFunc(w.foreign, func(c emulator.Consumer) bool { return c.Key == key })
	}
}

// agedLists are schedules in which the list is old when a registration is lost, and
// other people have registered a consumer of its name in the meantime.
func agedLists(base []label) (schedules []schedule) {
	registrations := slices.DeleteFunc(slices.Clone(base), func(l label) bool { return l.call != "register" })
	for i, first := range registrations {
		for j, second := range registrations {
			if first.step != second.step || i == j {
				continue
			}
			for passes := range passing {
				for _, lost := range losing {
					schedules = append(schedules, schedule{}.with(fault{first, passes}).with(fault{second, kind(lost.String())}))
				}
			}
		}
	}
	return schedules
}
