package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/har"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// recorder collects the network events of the browser.
type recorder struct {
	bodies  sync.WaitGroup // that are being read
	mu      sync.Mutex
	all     []*exchange
	current map[network.RequestID]*exchange
}

// exchange is one request with its response.
type exchange struct {
	id       network.RequestID
	request  *network.Request
	headers  network.Headers // as sent, with cookies
	response *network.Response
	answered network.Headers // as received, with cookies
	body     []byte
	time     time.Time
	redirect bool
	next     *exchange // where the redirect leads to, if headers of it came first
}

func (r *recorder) start() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		chromedp.ListenTarget(ctx, func(event any) {
			if finished, ok := event.(*network.EventLoadingFinished); ok {
				r.bodies.Go(func() { r.keep(ctx, finished.RequestID) })
			}
			r.observe(event)
		})
		return network.Enable().Do(ctx)
	})
}

// keep reads a body at once, as the developer tools do: the browser forgets those of a
// page that it leaves. There is none of a 204.
func (r *recorder) keep(ctx context.Context, id network.RequestID) {
	body, err := network.GetResponseBody(id).Do(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.current[id]; one != nil && err == nil {
		one.body = body
	}
}

func (r *recorder) observe(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if event.RedirectResponse != nil { // The identifier is used again.
			old := r.get(event.RequestID)
			old.response, old.redirect = event.RedirectResponse, true
			delete(r.current, event.RequestID)
			if old.next != nil {
				r.current[event.RequestID] = old.next
				r.all = append(r.all, old.next)
			}
		}
		one := r.get(event.RequestID)
		one.request, one.time = event.Request, event.WallTime.Time()
	case *network.EventRequestWillBeSentExtraInfo:
		r.without(event.RequestID, func(one *exchange) bool { return one.headers != nil }).headers = event.Headers
	case *network.EventResponseReceived:
		r.get(event.RequestID).response = event.Response
	case *network.EventResponseReceivedExtraInfo:
		r.without(event.RequestID, func(one *exchange) bool { return one.answered != nil }).answered = event.Headers
	}
}

// without is the exchange that lacks headers: the current one, or the one after its
// redirect, which is not known yet.
func (r *recorder) without(id network.RequestID, has func(*exchange) bool) *exchange {
	one := r.get(id)
	if !has(one) {
		return one
	}
	if one.next == nil {
		one.next = &exchange{id: id}
	}
	return one.next
}

func (r *recorder) get(id network.RequestID) *exchange {
	one := r.current[id]
	if one == nil {
		one = &exchange{id: id}
		r.current[id] = one
		r.all = append(r.all, one)
	}
	return one
}

// save writes the recording. It leaves out what scripts, styles, and images have in
// them: nothing of it is about the API.
func (r *recorder) save(name string) error {
	r.bodies.Wait()
	r.mu.Lock()
	exchanges := r.all
	r.mu.Unlock()
	log := &har.Log{Version: "1.2", Creator: &har.Creator{Name: "WebInspector", Version: "537.36"}}
	for _, one := range exchanges {
		if one.request == nil || one.response == nil {
			continue
		}
		entry, err := one.entry()
		if err != nil {
			return fmt.Errorf("%s %s: %w", one.request.Method, one.request.URL, err)
		}
		log.Entries = append(log.Entries, entry)
	}
	content, err := json.Marshal(har.HAR{Log: log})
	if err != nil {
		return err
	}
	content = bytes.ReplaceAll(content, []byte(`{"startedDateTime"`), []byte("\n"+`{"startedDateTime"`)) // A line for each request.
	return os.WriteFile(name, append(content, '\n'), 0o644)
}

func (e *exchange) entry() (*har.Entry, error) {
	if e.headers == nil {
		e.headers = e.request.Headers
	}
	if e.answered == nil {
		e.answered = e.response.Headers
	}
	request := &har.Request{
		Method: e.request.Method, URL: e.request.URL, HTTPVersion: e.response.Protocol,
		Headers: pairs(e.headers), Cookies: []*har.Cookie{}, HeadersSize: -1,
	}
	if e.request.HasPostData {
		var body []byte
		for _, part := range e.request.PostDataEntries {
			decoded, err := base64.StdEncoding.DecodeString(part.Bytes)
			if err != nil {
				return nil, err
			}
			body = append(body, decoded...)
		}
		request.PostData = &har.PostData{MimeType: header(e.request.Headers, "content-type"), Text: string(body), Params: []*har.Param{}}
	}
	content := &har.Content{MimeType: e.response.MimeType}
	if data := strings.HasSuffix(content.MimeType, "json") || strings.HasPrefix(content.MimeType, "text/html") || content.MimeType == "text/plain"; data && !e.redirect {
		content.Text, content.Size = string(e.body), int64(len(e.body))
	}
	return &har.Entry{
		StartedDateTime: e.time.UTC().Format(time.RFC3339Nano),
		Request:         request,
		Response: &har.Response{
			Status: e.response.Status, StatusText: e.response.StatusText, HTTPVersion: e.response.Protocol,
			Headers: pairs(e.answered), Cookies: []*har.Cookie{}, Content: content, RedirectURL: header(e.answered, "location"), HeadersSize: -1,
		},
	}, nil
}

func header(headers network.Headers, name string) string {
	for known, value := range headers {
		if strings.EqualFold(known, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

func pairs(headers network.Headers) []*har.NameValuePair {
	all := []*har.NameValuePair{}
	for name, value := range headers {
		all = append(all, &har.NameValuePair{Name: name, Value: fmt.Sprint(value)})
	}
	return all
}
