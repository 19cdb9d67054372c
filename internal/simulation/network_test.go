package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// CloseIdleConnections is what the client calls at its end.
func (p *process) CloseIdleConnections() { p.base.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (p *process) RoundTrip(request *http.Request) (*http.Response, error) {
	if p.dead.Load() {
		return nil, errDead
	}
	name, kind, mark := p.note(request)
	p.catchUp(name)
	inject := func(f emulator.Fault) (*http.Response, error) {
		f.Match = func(r emulator.Request) bool { return r.UserAgent == mark }
		p.server.Inject(f)
		marked := request.Clone(request.Context())
		marked.Header.Set("User-Agent", mark)
		return p.sendTo(marked, name)
	}
	switch kind {
	case "":
		return p.sendTo(request, name)
	case refused:
		if trace := httptrace.ContextClientTrace(request.Context()); trace != nil {
			trace.GetConn(request.URL.Host)
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case sessionsLost:
		p.server.DropSessions()
		return p.sendTo(request, name)
	case interrupted:
		p.stop()
		return p.sendTo(request, name)
	case interruptedAfter:
		defer p.stop()
		return p.sendTo(request, name)
	case panicBefore:
		panic("simulated")
	case panicAfter:
		p.sendAndForget(request, name)
		panic("simulated")
	case killedBefore:
		p.dead.Store(true)
		return nil, errDead
	case killedAfter:
		p.sendAndForget(request, name)
		p.dead.Store(true)
		return nil, errDead
	case tooLate:
		p.sendAndForget(request, name)
		return proxyAnswer(request, http.StatusRequestTimeout), nil
	case late:
		p.postpone(request, name)
		return proxyAnswer(request, http.StatusGatewayTimeout), nil
	case notFound:
		return inject(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusNotFound})
	case unauthorized:
		return inject(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusUnauthorized})
	case echoed:
		return inject(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusBadRequest, Body: echo(request)})
	default:
		if kind.byOthers() {
			return p.withOthers(request, name, kind, inject)
		}
		known, err := emulator.ParseFaultKind(string(kind))
		must(err)
		return inject(emulator.Fault{Kind: known})
	}
}

// note names a request. It returns the fault for it, and a mark by which the server
// recognizes it.
func (p *process) note(request *http.Request) (name label, fires kind, mark string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name = p.at
	name.call, name.target = p.about(request)
	p.counts[name]++
	name.occurrence = p.counts[name]
	p.trace = append(p.trace, name)
	p.noteLists(name)
	if fires = p.schedule.on(name); fires != "" {
		p.fired = append(p.fired, fault{label: name, kind: fires})
		if !fires.byOthers() {
			p.wrong++
		}
	}
	signsIn, cookie := request.Header.Get("Authorization") != "", len(request.Cookies()) > 0
	if p.profile.SignIn == nil && !p.profile.OnlyRegisters() && (signsIn != (name.call == "login") || cookie == signsIn) {
		p.violations = append(p.violations, fmt.Sprintf("%s: credentials %t, cookie %t", name, signsIn, cookie))
	}
	return name, fires, fmt.Sprintf("marked/%d", len(p.fired))
}

// about is what a request is for, and the name of the consumer that it is about. A
// consumer keeps the name by which it was first seen. The caller holds the mutex.
func (p *process) about(request *http.Request) (call, target string) {
	path := request.URL.EscapedPath()
	for _, root := range []string{p.server.URL(), p.server.WebAppURL(), p.server.AuthenticationURL()} {
		if below, found := strings.CutPrefix(request.URL.Scheme+"://"+request.URL.Host+path, root); found {
			path = below
		}
	}
	switch path {
	case wire.LoginPath:
		return "login", ""
	case wire.LogoutPath:
		return "logout", ""
	}
	if in := p.profile.SignIn; in != nil && in.SignOut != nil && (path == in.SignOut.Path || path == authserver.SignOutPath) {
		return "logout", ""
	}
	sent := &profile.Request{Method: request.Method, Path: path, Query: request.URL.Query(), Header: request.Header, Body: bodyOf(request)}
	for name, call := range p.profile.Calls.All() {
		if call.Discover != "" {
			discovered := *call
			discovered.Path = wire.RequestConsumerKeyPath
			call = &discovered
		}
		values, err := p.profile.Match(call, sent)
		switch {
		case err != nil:
			continue
		case name == "register":
			return name, *values.Name
		case values.Key == "":
			return name, ""
		}
		if _, known := p.names[values.Key]; !known {
			consumer, _ := p.server.Consumer(values.Key)
			p.names[values.Key] = consumer.Name
		}
		return name, p.names[values.Key]
	}
	return "other", ""
}

// bodyOf is the body of a request, which can still be sent.
func bodyOf(request *http.Request) []byte {
	if request.GetBody == nil {
		return nil
	}
	body, err := request.GetBody()
	must(err)
	content, err := io.ReadAll(body)
	must(err)
	return content
}

// echo has everything of a request that must not be repeated.
func echo(request *http.Request) string {
	return fmt.Sprintf("cannot accept %s %s %s", request.Header.Get("Authorization"), request.Header.Get("Cookie"), bodyOf(request))
}

// sendTo sends a request to the server and watches its response.
func (p *process) sendTo(request *http.Request, name label) (*http.Response, error) {
	// A sign-out needs no slot.
	slots := 1
	if name.call == "logout" {
		slots = 0
	}
	p.count(slots)
	response, err := p.base.RoundTrip(request)
	if err != nil {
		p.count(-slots)
		p.noteTimeout(request)
		return nil, err
	}
	p.mu.Lock()
	for _, cookie := range response.Cookies() {
		if len(cookie.Value) > 8 {
			p.cookies = append(p.cookies, cookie.Value)
		}
	}
	p.mu.Unlock()
	response.Body = &watchedBody{
		ReadCloser: response.Body,
		whole: sync.OnceFunc(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			switch {
			case response.StatusCode/100 != 2:
			case name.call == "login" && len(response.Cookies()) > 0:
				p.arrived++
			case name.call == "list":
				for _, c := range p.listing[name] {
					p.listed[c.Key] = true
				}
			}
		}),
		closed: sync.OnceFunc(func() {
			p.count(-slots)
			p.noteTimeout(request)
		}),
	}
	return response, nil
}

// noteTimeout counts a request that has timed out, for example because the machine
// is busy.
func (p *process) noteTimeout(request *http.Request) {
	if errors.Is(request.Context().Err(), context.DeadlineExceeded) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.wrong++
	}
}

// sendAndForget sends a request and drops the response.
func (p *process) sendAndForget(request *http.Request, name label) {
	p.count(1)
	defer p.count(-1)
	response, err := p.base.RoundTrip(request)
	if err == nil {
		_ = response.Body.Close()
	} else if request.Context().Err() == nil { // Another fault can interrupt the run in the meantime.
		p.violate("%s: %v", name, err)
	}
}

// postpone keeps a registration until catchUp.
func (p *process) postpone(request *http.Request, name label) {
	kept := request.Clone(context.Background())
	kept.Body = io.NopCloser(bytes.NewReader(bodyOf(request)))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.postponed[name.target] = func() { p.sendAndForget(kept, name) }
}

// catchUp sends what was postponed until this request.
func (p *process) catchUp(name label) {
	if name.call != "register" {
		return
	}
	p.mu.Lock()
	postponed := p.postponed[name.target]
	delete(p.postponed, name.target)
	p.mu.Unlock()
	if postponed != nil {
		postponed()
	}
}

// proxyAnswer is what a proxy answers by itself.
func proxyAnswer(request *http.Request, status int) *http.Response {
	if trace := httptrace.ContextClientTrace(request.Context()); trace != nil {
		trace.GetConn(request.URL.Host)
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: request}
}

func (p *process) count(by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight += by
	p.mostInFlight = max(p.mostInFlight, p.inFlight)
}

// watchedBody reports when a body has been read to its end, and when it is closed.
type watchedBody struct {
	io.ReadCloser
	whole, closed func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole()
	}
	return n, err
}

func (b *watchedBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}
