package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// standIn makes the emulated server differ in one detail. It lies between the
// provider and the network, so that faults befall what the server really gets.
type standIn struct {
	deviate deviation
	mu      sync.Mutex
	// seen keeps what a deviation wants to remember.
	seen map[string]any
}

// deviation answers one call. The call is list, read, register, update or remove;
// send hands it to the server.
type deviation func(s *standIn, call string, request *http.Request, send func() *http.Response) *http.Response

func newStandIn(deviate deviation) *standIn {
	return &standIn{deviate: deviate, seen: map[string]any{}}
}

// before returns the stand-in as one process has it.
func (s *standIn) before(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		call := callOf(request)
		if call == "" {
			return next.RoundTrip(request)
		}
		var err error
		response := s.deviate(s, call, request, func() *http.Response {
			var response *http.Response
			if response, err = next.RoundTrip(request); err != nil {
				return nil
			}
			return response
		})
		if err != nil {
			return nil, err
		}
		return response, nil
	})
}

// remember returns the old value of what is remembered, and sets the new one.
func (s *standIn) remember(name string, value any) (old any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old = s.seen[name]
	s.seen[name] = value
	return old
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func callOf(request *http.Request) string {
	path := request.URL.Path
	switch {
	case path == wire.DefaultOAuthConsumersPath && request.Method == http.MethodPost:
		return "register"
	case path == wire.DefaultOAuthConsumersPath:
		return "list"
	case !strings.HasPrefix(path, wire.DefaultOAuthConsumersPath+"/"):
		return ""
	}
	return map[string]string{http.MethodGet: "read", http.MethodPatch: "update", http.MethodDelete: "remove"}[request.Method]
}

// bodyOf reads a body and puts it back.
func bodyOf(body *io.ReadCloser) []byte {
	if *body == nil {
		return nil
	}
	original := *body
	content, err := io.ReadAll(io.LimitReader(original, maxAnswer))
	if err != nil || len(content) == maxAnswer {
		// A fault: the client will see it, too.
		*body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(content), original), original}
		return nil
	}
	must(original.Close())
	*body = io.NopCloser(bytes.NewReader(content))
	return content
}

// with replaces the status and the body of an answer that is a success.
func with(response *http.Response, status int, body any) *http.Response {
	if response == nil || response.StatusCode > 299 {
		return response
	}
	content, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		must(err)
		content = string(encoded)
	}
	if status != 0 {
		response.StatusCode = status
	}
	must(response.Body.Close())
	response.Body = io.NopCloser(strings.NewReader(content))
	response.ContentLength = int64(len(content))
	return response
}

type object = map[string]any

// edit changes the consumers in a successful answer, one or many.
func edit(response *http.Response, change func(object) any) *http.Response {
	if response == nil || response.StatusCode > 299 {
		return response
	}
	content := bodyOf(&response.Body)
	var many []object
	if json.Unmarshal(content, &many) == nil {
		changed := make([]any, 0, len(many))
		for _, one := range many {
			if c := change(one); c != nil {
				changed = append(changed, c)
			}
		}
		return with(response, 0, changed)
	}
	var one object
	if json.Unmarshal(content, &one) == nil && one != nil {
		return with(response, 0, change(one))
	}
	return response
}

// list is edit for all consumers of a list together.
func list(response *http.Response, change func([]object) any) *http.Response {
	if response == nil || response.StatusCode > 299 {
		return response
	}
	var many []object
	if json.Unmarshal(bodyOf(&response.Body), &many) != nil {
		return response
	}
	slices.SortFunc(many, func(a, b object) int { return strings.Compare(fmt.Sprint(a["key"]), fmt.Sprint(b["key"])) })
	return with(response, 0, change(many))
}

// editRequest changes the members of a request.
func editRequest(request *http.Request, change func(object)) {
	var members object
	if json.Unmarshal(bodyOf(&request.Body), &members) != nil {
		return
	}
	change(members)
	encoded, err := json.Marshal(members)
	must(err)
	request.Body = io.NopCloser(bytes.NewReader(encoded))
	request.ContentLength = int64(len(encoded))
}

func renamed(names map[string]string) func(object) any {
	return func(one object) any {
		changed := object{}
		for name, value := range one {
			if other, found := names[name]; found {
				name = other
			}
			changed[name] = value
		}
		return changed
	}
}

// answers deviates in all answers alike.
func answers(change func(object) any) deviation {
	return func(_ *standIn, _ string, _ *http.Request, send func() *http.Response) *http.Response {
		return edit(send(), change)
	}
}

// only deviates in one call.
func only(call string, deviate func(s *standIn, request *http.Request, send func() *http.Response) *http.Response) deviation {
	return func(s *standIn, this string, request *http.Request, send func() *http.Response) *http.Response {
		if this != call {
			return send()
		}
		return deviate(s, request, send)
	}
}

// lists deviates in the list alone.
func lists(change func([]object) any) deviation {
	return only("list", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return list(send(), change)
	})
}

// paged is a page of a list.
func paged(request *http.Request, all []object, size int) (page []object, number int, more bool) {
	_, err := fmt.Sscan(request.URL.Query().Get("page"), &number)
	if err != nil {
		number = 1
	}
	from := min((number-1)*size, len(all))
	to := min(from+size, len(all))
	return all[from:to], number, to < len(all)
}

// status answers a call with a status and does nothing.
func status(code int) func(*standIn, *http.Request, func() *http.Response) *http.Response {
	return func(_ *standIn, request *http.Request, _ func() *http.Response) *http.Response {
		return answerOf(request, code)
	}
}

// answered replaces what a call that was carried out answers.
func answered(code int, body any) func(*standIn, *http.Request, func() *http.Response) *http.Response {
	return func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return with(send(), code, body)
	}
}

// ignored takes a member out of a request.
func ignored(members ...string) func(*standIn, *http.Request, func() *http.Response) *http.Response {
	return func(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
		editRequest(request, func(o object) {
			for _, member := range members {
				delete(o, member)
			}
		})
		return send()
	}
}

// deviations are ways in which a server may differ, by name: those that somebody
// has thought of.
var deviations = map[string]deviation{
	"list wrapped in an object": lists(func(all []object) any { return object{"consumers": all} }),
	"JSON-LD": answers(func(one object) any {
		return object{"@id": "/osmc/admin/oauthconsumers/" + fmt.Sprint(one["key"]), "dcterms:title": one["name"], "approved": one["approved"]}
	}),
	"list is a web page": only("list", answered(200, "<html><title>Sign in</title><input type=password></html>")),
	"CSRF token wanted": func(_ *standIn, call string, request *http.Request, send func() *http.Response) *http.Response {
		if call != "list" && call != "read" {
			return answerOf(request, http.StatusForbidden)
		}
		return send()
	},

	"list paged, unannounced": only("list", func(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
		return list(send(), func(all []object) any { page, _, _ := paged(request, all, 2); return page })
	}),
	"list paged by Link": only("list", func(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
		var next string
		response := list(send(), func(all []object) any {
			page, number, more := paged(request, all, 2)
			if more {
				next = fmt.Sprintf(`<%s?page=%d>; rel="next"`, request.URL.Path, number+1)
			}
			return page
		})
		if next != "" {
			response.Header.Set("Link", next)
		}
		return response
	}),
	"list paged, with X-Total-Count": only("list", func(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
		total := 0
		response := list(send(), func(all []object) any { total = len(all); page, _, _ := paged(request, all, 2); return page })
		if response != nil {
			response.Header.Set("X-Total-Count", fmt.Sprint(total))
		}
		return response
	}),
	"list of the first of each name": lists(func(all []object) any {
		first := map[any]object{}
		for _, one := range all {
			if first[one["name"]] == nil {
				first[one["name"]] = one
			}
		}
		return slices.Collect(maps.Values(first))
	}),

	"key under another name":  answers(renamed(map[string]string{"key": "consumerKey"})),
	"all under other names":   answers(renamed(map[string]string{"key": "id", "name": "title", "approved": "state"})),
	"name under another name": answers(renamed(map[string]string{"name": "consumerName"})),
	"approval missing":        answers(func(o object) any { delete(o, "approved"); return o }),
	"approval a string":       answers(func(o object) any { o["approved"] = fmt.Sprint(o["approved"]); return o }),
	"approval a status word": answers(func(o object) any {
		if o["approved"] == true {
			o["approved"] = "APPROVED"
		} else {
			o["approved"] = "NEW"
		}
		return o
	}),

	"PATCH answers 204":     only("update", answered(http.StatusNoContent, "")),
	"PATCH answers 202":     only("update", answered(http.StatusAccepted, "")),
	"PATCH answers nothing": only("update", answered(http.StatusOK, "")),
	"PATCH answers true":    only("update", answered(http.StatusOK, "true")),
	"PATCH not allowed":     only("update", status(http.StatusMethodNotAllowed)),
	"PATCH not found":       only("update", status(http.StatusNotFound)),
	"PATCH not implemented": only("update", status(http.StatusNotImplemented)),
	"PATCH ignores approved": only("update", func(s *standIn, request *http.Request, send func() *http.Response) *http.Response {
		return ignored("approved")(s, request, send)
	}),
	"PATCH ignores name":            only("update", ignored("name")),
	"PATCH does nothing, says 200":  only("update", answeredUnsent(http.StatusOK, `{"error":"not now"}`)),
	"PATCH does nothing, says 204":  only("update", answeredUnsent(http.StatusNoContent, "")),
	"PATCH answers the old values":  only("update", answersOld),
	"PATCH trims and lowers names":  only("update", lowersNames),
	"DELETE answers 200":            only("remove", answered(http.StatusOK, `{"deleted":true}`)),
	"DELETE answers 202":            only("remove", answered(http.StatusAccepted, "")),
	"DELETE does nothing, says 204": only("remove", answeredUnsent(http.StatusNoContent, "")),
	"DELETE does nothing, says 200": only("remove", answeredUnsent(http.StatusOK, "")),
	"DELETE not allowed":            only("remove", status(http.StatusMethodNotAllowed)),
	"DELETE not found":              only("remove", status(http.StatusNotFound)),

	"register answers 200":            only("register", answered200),
	"register answers 202 and nobody": only("register", answered(http.StatusAccepted, "")),
	"register answers with Location": only("register", func(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
		key := ""
		response := edit(send(), func(o object) any { key = fmt.Sprint(o["key"]); return o })
		if key != "" {
			response.Header.Set("Location", request.URL.Path+"/"+key)
		}
		return with(response, 0, "")
	}),
	"register answers the key alone": only("register", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return edit(send(), func(o object) any { return object{"key": o["key"]} })
	}),
	"register answers the key as text": only("register", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return edit(send(), func(o object) any { return fmt.Sprint(o["key"]) })
	}),
	"register answers in words": only("register", answered(http.StatusCreated, "Consumer registered.")),
	"register answers a list": only("register", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return edit(send(), func(o object) any { return []object{o} })
	}),
	"register answers an error with 200": only("register", answeredUnsent(http.StatusOK, `{"error":"not now"}`)),
	"register answers another key": only("register", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return edit(send(), func(o object) any { o["key"] = "internal-" + fmt.Sprint(o["key"]); return o })
	}),
	"register lowers names": only("register", lowersNames),
	"register answers late": only("register", func(s *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		s.remember("hidden", 2)
		return with(send(), http.StatusAccepted, "")
	}),

	"list lags behind": only("list", func(s *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		return list(send(), func(all []object) any {
			if old, ok := s.remember("list", all).([]object); ok {
				return old
			}
			return all
		})
	}),
	"list always empty":     lists(func([]object) any { return []object{} }),
	"list has keys only":    lists(func(all []object) any { return keysOf(all) }),
	"list has every twice":  lists(func(all []object) any { return append(all, all...) }),
	"list answers 206":      only("list", answered206),
	"list is null":          only("list", answered(http.StatusOK, "null")),
	"list not allowed":      only("list", status(http.StatusMethodNotAllowed)),
	"list fails":            only("list", status(http.StatusInternalServerError)),
	"no single read":        only("read", status(http.StatusNotFound)),
	"single read forbidden": only("read", status(http.StatusForbidden)),
	"single read is null for what is missing": only("read", func(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
		response := send()
		if response == nil || response.StatusCode != http.StatusNotFound {
			return response
		}
		bodyOf(&response.Body)
		response.StatusCode = http.StatusOK
		return with(response, 0, "null")
	}),
	"everything is answered with a redirect": func(_ *standIn, _ string, request *http.Request, _ func() *http.Response) *http.Response {
		response := answerOf(request, http.StatusPermanentRedirect)
		response.Header.Set("Location", request.URL.Path+"/")
		return response
	},
	"keys are numbers": answers(func(o object) any {
		var number json.Number
		if json.Unmarshal([]byte("1"+strings.Map(digit, fmt.Sprint(o["key"]))), &number) == nil {
			o["id"] = number
		}
		return o
	}),
}

func digit(r rune) rune { return '0' + r%10 }

func keysOf(all []object) []any {
	keys := []any{}
	for _, one := range all {
		keys = append(keys, one["key"])
	}
	return keys
}

// answeredUnsent answers a call that is not carried out.
func answeredUnsent(code int, body string) func(*standIn, *http.Request, func() *http.Response) *http.Response {
	return func(_ *standIn, request *http.Request, _ func() *http.Response) *http.Response {
		return with(answerOf(request, code), code, body)
	}
}

func answered200(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
	return edit200(send(), http.StatusOK)
}

func answered206(_ *standIn, _ *http.Request, send func() *http.Response) *http.Response {
	return edit200(send(), http.StatusPartialContent)
}

// edit200 changes the status of a success alone.
func edit200(response *http.Response, code int) *http.Response {
	if response != nil && response.StatusCode <= 299 {
		response.StatusCode = code
	}
	return response
}

// answersOld answers a change with the consumer as it was before.
func answersOld(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
	var asked object
	if json.Unmarshal(bodyOf(&request.Body), &asked) != nil {
		return send()
	}
	return edit(send(), func(o object) any {
		if asked["approved"] != nil {
			o["approved"] = asked["approved"] != true
		}
		return o
	})
}

func lowersNames(_ *standIn, request *http.Request, send func() *http.Response) *http.Response {
	editRequest(request, func(o object) {
		if name, ok := o["name"].(string); ok {
			o["name"] = strings.ToUpper(name)
		}
	})
	return send()
}

// deviationSteps are what a user does with four consumers.
var deviationSteps = func() []step {
	first, changed := configuration{}, configuration{}
	for i, name := range []string{"alpha", "beta", "gamma", "delta"} {
		first[name] = consumer{name: name, approved: true, secret: fmt.Sprint(secretMark, name, "-1")}
		changed[name] = consumer{name: name, approved: i > 1, secret: fmt.Sprint(secretMark, name, "-2")}
		if i == 0 {
			changed[name] = consumer{name: name + " two", approved: true, secret: fmt.Sprint(secretMark, name, "-2")}
		}
	}
	return []step{{name: "create", config: first}, {name: "change", config: changed}, {name: "destroy", config: configuration{}}}
}()

// TestDeviations runs a server that differs in one detail, without other people's
// consumers and with them. Each step is run twice, as a user does. After every run
// holds what holds after a fault: nothing is lost, nothing is registered twice
// untold, no secret is told, and success means that all agree.
func TestDeviations(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(deviations)) {
		for _, populated := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/populated=%t", name, populated), func(t *testing.T) {
				t.Parallel()
				w, text := deviate(t, name, populated, schedule{})
				if testing.Verbose() {
					t.Log(text)
				}
				for _, violation := range w.violations {
					t.Error(violation)
				}
			})
		}
	}
}

// deviate runs all steps on a server that differs, and returns what the user has
// read.
func deviate(t *testing.T, name string, populated bool, s schedule) (*world, string) {
	t.Helper()
	from := checkpoint{}
	if populated {
		from.consumers = foreign
	}
	w, err := newWorld(s, from)
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.deviation = newStandIn(deviations[name]).before
	var text strings.Builder
	for _, step := range deviationSteps {
		for attempt := range 2 {
			outcome := w.run(step, attempt+1)
			fmt.Fprintf(&text, "%s.%d: failed %t, %d on the server, %d in state\n%s", step.name, attempt+1, outcome.failed,
				len(w.server.Consumers())-len(w.foreign), len(w.state), outcome.text())
			if outcome.failed && outcome.text() == "" {
				t.Errorf("%s fails without a word", step.name)
			}
		}
	}
	return w, text.String()
}

// faultsPerDeviation is how many schedules are drawn for each deviation.
const faultsPerDeviation = 8

// TestDeviations_withFaults lets one fault befall a request to a server that
// differs.
func TestDeviations_withFaults(t *testing.T) {
	t.Parallel()
	seed := *flagSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	for i, name := range slices.Sorted(maps.Keys(deviations)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			populated := i%2 == 0
			w, _ := deviate(t, name, populated, schedule{})
			trace := w.network.traced()
			for range faultsPerDeviation {
				l := trace[random.IntN(len(trace))]
				kinds := kindsFor(l)
				s := schedule{}.with(fault{l, kinds[random.IntN(len(kinds))]})
				w, text := deviate(t, name, populated, s)
				if len(w.violations) > 0 {
					t.Errorf("%s, seed %d:\n%s\n%s", s, seed, strings.Join(w.violations, "\n"), text)
				}
			}
		})
	}
}

// TestDialects_withFaults lets faults befall the calls of a server that speaks a
// dialect, with the profile that fits. A step is run until it succeeds.
func TestDialects_withFaults(t *testing.T) {
	t.Parallel()
	seed := *flagSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	kinds := slices.DeleteFunc(twcloudtest.AllFaultKinds(), func(k twcloudtest.FaultKind) bool {
		// The scenario's own simulation has what ends a session and what waits.
		return slices.Contains([]twcloudtest.FaultKind{twcloudtest.Unauthorized401, twcloudtest.Hang, twcloudtest.HangAfter}, k)
	})
	for i, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 2 * faultsPerDeviation {
				dialectWithFault(t, name, kinds[random.IntN(len(kinds))], 1+random.IntN(12))
			}
		})
	}
}

// dialectWithFault has the nth call that is about consumers go wrong.
func dialectWithFault(t *testing.T, name string, kind twcloudtest.FaultKind, nth int) {
	t.Helper()
	dialect, err := twcloudtest.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorldIn(dialect, schedule{}, checkpoint{consumers: foreign})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.profile = dialect
	var calls atomic.Int64
	w.server.Inject(twcloudtest.Fault{Kind: kind, Match: func(r twcloudtest.Request) bool {
		return r.Call != "" && calls.Add(1) == int64(nth)
	}})
	for _, step := range deviationSteps {
		outcome := w.run(step, 1)
		for attempt := 2; outcome.failed && attempt < 5; attempt++ {
			outcome = w.run(step, attempt)
		}
		if outcome.failed {
			t.Errorf("%s, call %d: %s does not succeed: %s", kind, nth, step.name, outcome.text())
		}
	}
	if len(w.violations) > 0 {
		t.Errorf("%s, call %d:\n%s", kind, nth, strings.Join(w.violations, "\n"))
	}
}
