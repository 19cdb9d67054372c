package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/har"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// recorder collects what the browser's network events tell.
type recorder struct {
	mu    sync.Mutex
	order []network.RequestID
	seen  map[network.RequestID]*exchange
	// finished are redirects: their identifiers are used again.
	finished []*exchange
}

// exchange is one request with its answer.
type exchange struct {
	id       network.RequestID
	request  *network.Request
	headers  network.Headers // as sent, with cookies
	response *network.Response
	answered network.Headers // as received, with cookies
	kind     network.ResourceType
	time     time.Time
	redirect bool
}

func newRecorder() *recorder { return &recorder{seen: map[network.RequestID]*exchange{}} }

func (r *recorder) start() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		chromedp.ListenTarget(ctx, r.observe)
		return network.Enable().Do(ctx)
	})
}

func (r *recorder) observe(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if old := r.seen[event.RequestID]; old != nil && event.RedirectResponse != nil {
			old.response, old.redirect = event.RedirectResponse, true
			r.finished = append(r.finished, old)
			delete(r.seen, event.RequestID)
		}
		one := r.get(event.RequestID)
		one.request, one.kind, one.time = event.Request, event.Type, event.WallTime.Time()
	case *network.EventRequestWillBeSentExtraInfo:
		r.get(event.RequestID).headers = event.Headers
	case *network.EventResponseReceived:
		r.get(event.RequestID).response = event.Response
	case *network.EventResponseReceivedExtraInfo:
		if one := r.get(event.RequestID); one.answered == nil {
			one.answered = event.Headers
		}
	}
}

func (r *recorder) get(id network.RequestID) *exchange {
	one := r.seen[id]
	if one == nil {
		one = &exchange{id: id}
		r.seen[id] = one
		r.order = append(r.order, id)
	}
	return one
}

// save writes the recording.
func (r *recorder) save(ctx context.Context, name string) error {
	r.mu.Lock()
	exchanges := r.finished
	for _, id := range r.order {
		if one := r.seen[id]; one != nil {
			exchanges = append(exchanges, one)
			delete(r.seen, id)
		}
	}
	r.mu.Unlock()
	var entries []*har.Entry
	for _, one := range exchanges {
		if one.request == nil || one.response == nil {
			continue
		}
		entry, err := one.entry(ctx)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	document := har.HAR{Log: &har.Log{
		Version: "1.2",
		Creator: &har.Creator{Name: "WebInspector", Version: "537.36"},
		Entries: entries,
	}}
	content, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(content, '\n'), 0o644)
}

func (e *exchange) entry(ctx context.Context) (*har.Entry, error) {
	target, err := url.Parse(e.request.URL)
	if err != nil {
		return nil, err
	}
	sent, received := e.headers, e.answered
	if sent == nil {
		sent = e.request.Headers
	}
	if received == nil {
		received = e.response.Headers
	}
	request := &har.Request{
		Method: e.request.Method, URL: e.request.URL, HTTPVersion: e.response.Protocol,
		Headers: pairs(sent), Cookies: []*har.Cookie{}, HeadersSize: -1,
	}
	for name, values := range target.Query() {
		for _, value := range values {
			request.QueryString = append(request.QueryString, &har.NameValuePair{Name: name, Value: value})
		}
	}
	if e.request.HasPostData {
		body, err := e.body()
		if err != nil {
			return nil, fmt.Errorf("the body of %s %s: %w", e.request.Method, target.Path, err)
		}
		mediaType := header(e.request.Headers, "content-type")
		request.PostData = &har.PostData{MimeType: mediaType, Text: body, Params: []*har.Param{}}
	}
	content := &har.Content{MimeType: e.response.MimeType}
	if !e.redirect {
		err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
			body, err := network.GetResponseBody(e.id).Do(ctx)
			content.Text, content.Size = string(body), int64(len(body))
			return err
		}))
		if err != nil && e.response.Status != 204 {
			content.Text = "" // The browser has not kept it, as for a 204 or a page that it left.
		}
	}
	return &har.Entry{
		StartedDateTime: e.time.UTC().Format(time.RFC3339Nano),
		Request:         request,
		Response: &har.Response{
			Status: e.response.Status, StatusText: e.response.StatusText, HTTPVersion: e.response.Protocol,
			Headers: pairs(received), Cookies: []*har.Cookie{}, Content: content, RedirectURL: header(received, "location"), HeadersSize: -1,
		},
		Cache:   &har.Cache{},
		Timings: &har.Timings{},
	}, nil
}

// body is what the request has sent. The browser does not keep it after a redirect.
func (e *exchange) body() (string, error) {
	var body []byte
	for _, part := range e.request.PostDataEntries {
		decoded, err := base64.StdEncoding.DecodeString(part.Bytes)
		if err != nil {
			return "", err
		}
		body = append(body, decoded...)
	}
	return string(body), nil
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
