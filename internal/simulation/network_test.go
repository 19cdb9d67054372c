package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// network lies between the provider's processes and the server of one schedule.
// It names every request, lets the faults of the schedule befall them, and
// watches what a server cannot see: which answers have arrived, and how many
// requests a process has in flight.
type network struct {
	server   *twcloudtest.Server
	schedule schedule

	mu     sync.Mutex
	names  map[string]string // of consumers, by key, as they were first seen
	counts map[label]int
	trace  []label
	fired  []fault
	marks  int
	// arrived counts the logins whose answer has arrived whole.
	arrived  int
	cookies  []string
	findings []string
	// postponed are registrations that are still to be carried out, by name.
	postponed map[string]func()
}

// wireTap is the network as one process has it: an http.RoundTripper.
type wireTap struct {
	network *network
	base    *http.Transport
	step    string
	attempt int
	process string
	// stop has the provider stopped, as Terraform does on Ctrl-C.
	stop func()
	// dead says that the process has been killed.
	dead atomic.Bool

	// What follows is guarded by the network's mutex.

	// fired counts what went wrong: the faults, and what has timed out besides.
	fired        int
	inFlight     int
	mostInFlight int
}

func (n *network) tap(step string, attempt int, process string) *wireTap {
	return &wireTap{
		network: n, step: step, attempt: attempt, process: process,
		base: &http.Transport{MaxConnsPerHost: maxInFlight, MaxIdleConnsPerHost: maxInFlight},
		stop: func() {},
	}
}

// CloseIdleConnections is what the client calls at its end.
func (w *wireTap) CloseIdleConnections() { w.base.CloseIdleConnections() }

var errDead = errors.New("the process is dead")

// RoundTrip implements http.RoundTripper.
func (w *wireTap) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.dead.Load() {
		return nil, errDead
	}
	name, befalls, mark := w.note(request)
	w.network.catchUp(name)
	switch befalls {
	case "":
		return w.send(request, name)
	case refused:
		if trace := httptrace.ContextClientTrace(request.Context()); trace != nil {
			trace.GetConn(request.URL.Host)
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case sessionsLost:
		w.network.server.DropSessions()
		return w.send(request, name)
	case interrupted:
		w.stop()
		return w.send(request, name)
	case interruptedAfter:
		response, err := w.send(request, name)
		w.stop()
		return response, err
	case panicBefore:
		panic("simulated")
	case panicAfter:
		w.sendAndForget(request, name)
		panic("simulated")
	case killedBefore:
		w.dead.Store(true)
		return nil, errDead
	case killedAfter:
		w.sendAndForget(request, name)
		w.dead.Store(true)
		return nil, errDead
	case notFound:
		w.inject(mark, twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusNotFound})
	case tooLate:
		w.sendAndForget(request, name)
		return answerOf(request, http.StatusRequestTimeout), nil
	case late:
		return w.postpone(request, name)
	case echoed:
		w.inject(mark, twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusBadRequest, Body: echo(request)})
	case unauthorized:
		w.inject(mark, twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusUnauthorized})
	default:
		known, err := twcloudtest.ParseFaultKind(string(befalls))
		must(err)
		w.inject(mark, twcloudtest.Fault{Kind: known})
	}
	marked := request.Clone(request.Context())
	marked.Header.Set("User-Agent", mark)
	return w.send(marked, name)
}

// note names a request, and says what befalls it and by which mark the server
// can know it.
func (w *wireTap) note(request *http.Request) (name label, befalls kind, mark string) {
	n := w.network
	target := n.target(request)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.checkCredentials(request, target)
	name = label{step: w.step, attempt: w.attempt, process: w.process, method: request.Method, target: target}
	n.counts[name]++
	name.occurrence = n.counts[name]
	n.trace = append(n.trace, name)
	if befalls = n.schedule.on(name); befalls == "" {
		return name, "", ""
	}
	n.fired = append(n.fired, fault{label: name, kind: befalls})
	w.fired++
	n.marks++
	return name, befalls, fmt.Sprintf("marked/%d", n.marks)
}

// target is what a request is about.
func (n *network) target(request *http.Request) string {
	switch path := request.URL.EscapedPath(); {
	case path == wire.LoginPath:
		return "login"
	case path == wire.LogoutPath:
		return "logout"
	case path == wire.DefaultOAuthConsumersPath && request.Method == http.MethodPost:
		return nameIn(request)
	case path == wire.DefaultOAuthConsumersPath:
		return "list"
	default:
		escaped := strings.TrimPrefix(path, wire.DefaultOAuthConsumersPath+"/")
		key, err := url.PathUnescape(escaped)
		must(err)
		return n.nameOf(key)
	}
}

// nameIn is the name in the body of a registration.
func nameIn(request *http.Request) string {
	body, err := request.GetBody()
	must(err)
	var consumer wire.RegisterOAuthConsumer
	must(json.NewDecoder(body).Decode(&consumer))
	return consumer.Name
}

func (n *network) nameOf(key string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, known := n.names[key]
	if !known {
		consumer, _ := n.server.Consumer(key)
		name = consumer.Name
		n.names[key] = name
	}
	return name
}

// checkCredentials finds a request that would open a second session.
func (n *network) checkCredentials(request *http.Request, target string) {
	credentials, cookie := request.Header.Get("Authorization") != "", len(request.Cookies()) > 0
	if credentials != (target == "login") || cookie == (target == "login") {
		n.findings = append(n.findings, fmt.Sprintf("%s %s: credentials %t, cookie %t", request.Method, target, credentials, cookie))
	}
}

func (w *wireTap) inject(mark string, befalls twcloudtest.Fault) {
	befalls.Match = func(request twcloudtest.Request) bool { return request.UserAgent == mark }
	w.network.server.Inject(befalls)
}

// send sends a request and watches its answer.
func (w *wireTap) send(request *http.Request, name label) (*http.Response, error) {
	w.count(1)
	response, err := w.base.RoundTrip(request)
	if err != nil {
		w.count(-1)
		w.timedOut(request)
		return nil, err
	}
	w.network.mu.Lock()
	for _, cookie := range response.Cookies() {
		if len(cookie.Value) > 8 {
			w.network.cookies = append(w.network.cookies, cookie.Value)
		}
	}
	w.network.mu.Unlock()
	response.Body = &watchedBody{
		ReadCloser: response.Body,
		whole: sync.OnceFunc(func() {
			if name.target == "login" && response.StatusCode/100 == 2 && len(response.Cookies()) > 0 {
				w.network.mu.Lock()
				defer w.network.mu.Unlock()
				w.network.arrived++
			}
		}),
		closed: sync.OnceFunc(func() {
			w.count(-1)
			w.timedOut(request)
		}),
	}
	return response, nil
}

// timedOut counts a request that has timed out, be it that the machine is busy.
func (w *wireTap) timedOut(request *http.Request) {
	if errors.Is(request.Context().Err(), context.DeadlineExceeded) {
		w.network.mu.Lock()
		defer w.network.mu.Unlock()
		w.fired++
	}
}

// sendAndForget sends a request whose answer nobody will know.
func (w *wireTap) sendAndForget(request *http.Request, name label) {
	w.count(1)
	defer w.count(-1)
	response, err := w.base.RoundTrip(request)
	if err != nil {
		if request.Context().Err() != nil {
			// Another fault has interrupted the run in the meantime.
			return
		}
		w.network.mu.Lock()
		defer w.network.mu.Unlock()
		w.network.findings = append(w.network.findings, fmt.Sprintf("%s: %v", name, err))
		return
	}
	_ = response.Body.Close()
}

// postpone answers a request before it is carried out.
func (w *wireTap) postpone(request *http.Request, name label) (*http.Response, error) {
	body, err := request.GetBody()
	must(err)
	kept := request.Clone(context.Background())
	kept.Body = body
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	w.network.postponed[name.target] = func() { w.sendAndForget(kept, name) }
	return answerOf(request, http.StatusGatewayTimeout), nil
}

// answerOf is what a proxy answers by itself.
func answerOf(request *http.Request, status int) *http.Response {
	if trace := httptrace.ContextClientTrace(request.Context()); trace != nil {
		trace.GetConn(request.URL.Host)
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: request}
}

// catchUp carries out what was postponed until this request.
func (n *network) catchUp(name label) {
	if name.method != http.MethodPost {
		return
	}
	n.mu.Lock()
	postponed := n.postponed[name.target]
	delete(n.postponed, name.target)
	n.mu.Unlock()
	if postponed != nil {
		postponed()
	}
}

// echo is all that must not be repeated of a request.
func echo(request *http.Request) string {
	text := "cannot accept " + request.Header.Get("Authorization") + " " + request.Header.Get("Cookie") + " "
	if request.GetBody != nil {
		body, err := request.GetBody()
		must(err)
		content, err := io.ReadAll(body)
		must(err)
		text += string(content)
	}
	return text
}

func (w *wireTap) count(by int) {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	w.inFlight += by
	w.mostInFlight = max(w.mostInFlight, w.inFlight)
}

// watchedBody tells when a body has been read to its end, and when it has been
// closed.
type watchedBody struct {
	io.ReadCloser
	whole, closed func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		b.whole()
	}
	return n, err
}

func (b *watchedBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}

// takeFindings returns what was found since the last call.
func (n *network) takeFindings() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	findings := n.findings
	n.findings = nil
	return findings
}

// traced returns the requests so far.
func (n *network) traced() []label {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.trace)
}
