package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	// maxRedirects limits the redirects between two pages, as browsers do.
	maxRedirects = 20
	// maxPages limits the pages of a sign-in.
	maxPages = 20
)

// Page signs in to the Web Application Platform as a browser does: by the pages of the
// authentication server.
type Page struct {
	*Client
	SignIn *profile.SignIn
	// Headers are sent with what a script sends.
	Headers            map[string]string
	Username, Password string
}

// Open implements Method. If a response was lost, its request was sent again, and the
// server may refuse that: a page and a code are good for one time. Then the sign-in begins
// once more.
func (p *Page) Open(ctx context.Context) (*Session, error) {
	if p.Username == "" {
		return nil, &Error{Kind: ErrNoCredentials, Part: "sign_in.by", Cause: errors.New("the API profile signs in by a page: set username and password, or a token")}
	}
	session := &Session{}
	sent, err := p.attempt(ctx, session)
	if sent && refusesAgain(err) {
		_, err = p.attempt(ctx, session)
	}
	if err != nil && (!sent || errors.Is(err, ErrCredentials)) {
		return nil, err // There is nothing to sign out of.
	}
	return session, err
}

// refusesAgain reports whether an error can come from a request that was sent twice.
func refusesAgain(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Kind == ErrPage && failure.Response != nil && failure.Response.StatusCode == http.StatusBadRequest
}

// attempt signs in, and reports whether a step was sent.
func (p *Page) attempt(ctx context.Context, session *Session) (sent bool, err error) {
	start, err := newRequest(ctx, http.MethodGet, p.Root(profile.WebApp, p.SignIn.Start), p.SignIn.Start, http.NoBody)
	if err != nil {
		return false, err
	}
	v := &visit{Page: p, session: session, start: start.URL}
	if err := v.open(start); err != nil {
		return false, inPart(err, "sign_in.start")
	}
	session.start, session.outside = withoutQuery(start.URL), v.outside
	for range maxPages {
		if signedIn, err := v.turn(ctx); signedIn || err != nil {
			return v.sent, err
		}
	}
	return v.sent, v.unexpected("after %d pages, there is no end of the sign-in", maxPages)
}

// visit is one sign-in.
type visit struct {
	*Page
	session *Session
	// start is where the sign-in begins, and outside is where that redirects to.
	start   *url.URL
	outside string
	// response is the page that came last, whose request has its address.
	response *http.Response
	// message is the JSON that the last step got.
	message any
	// done is how many steps are done, and sent is true after one of them was sent.
	done int
	sent bool
}

// open sends a request, and follows redirects between the configured servers.
func (v *visit) open(request *http.Request) error {
	response, outside, err := follow(v.Client, v.session, request)
	if v.outside == "" {
		v.outside = outside
	}
	v.response = response
	return err
}

// follow sends a request, and follows redirects between the configured servers. It
// returns the last response, whose request has its address, and the first address
// that it was sent to, without query.
func follow(c *Client, session *Session, request *http.Request) (response *http.Response, first string, err error) {
	request = request.WithContext(context.WithValue(request.Context(), followKey{}, true))
	for range maxRedirects {
		request.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		if response, err = c.send(session, request); err != nil {
			return nil, first, err
		}
		response.Request = request
		if !IsRedirect(response.StatusCode) {
			return response, first, nil
		}
		target, err := request.URL.Parse(response.Header.Get("Location"))
		if err != nil || response.Header.Get("Location") == "" {
			return nil, first, &Error{Kind: ErrPage, Request: request, Response: response, Cause: errors.New("a redirect to nowhere")}
		}
		if !c.trusted(target) {
			return response, first, elsewhere(request, response, target)
		}
		if first == "" {
			first = withoutQuery(target)
		}
		if request, err = redirected(request, response.StatusCode, target); err != nil {
			return nil, first, err
		}
	}
	return nil, first, &Error{Kind: ErrPage, Request: request, Response: response, Cause: fmt.Errorf("more than %d redirects", maxRedirects)}
}

type followKey struct{}

// Follows reports whether redirects of a request are followed.
func Follows(ctx context.Context) bool { return ctx.Value(followKey{}) != nil }

// redirected is the request that a browser sends after a redirect.
func redirected(request *http.Request, status int, target *url.URL) (next *http.Request, err error) {
	if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect {
		return http.NewRequestWithContext(request.Context(), http.MethodGet, target.String(), http.NoBody)
	}
	next = request.Clone(request.Context())
	next.URL, next.Host, next.Header = target, target.Host, http.Header{}
	if contentType := request.Header.Get("Content-Type"); contentType != "" {
		next.Header.Set("Content-Type", contentType)
	}
	if request.GetBody != nil {
		next.Body, err = request.GetBody()
	}
	return next, err
}

// elsewhere is the error of a sign-in that leaves the configured servers.
func elsewhere(request *http.Request, response *http.Response, target *url.URL) *Error {
	failure := &Error{Kind: ErrSingleSignOn, Request: request, Response: response}
	origin := target.Scheme + "://" + target.Host
	switch {
	case request.URL.Scheme == "https" && target.Scheme != "https":
		failure.Cause = fmt.Errorf("from https to %s, so nothing was sent there", origin)
	case strings.HasPrefix(target.Path, wire.AuthenticationPrefix):
		failure.Cause = fmt.Errorf("%s is probably the platform's own name: set webapp_endpoint to %s, or authentication_endpoint if only the authentication server is there", target.Host, origin)
	default:
		failure.Cause = fmt.Errorf("to %s, which looks like single sign-on", target.Host)
	}
	return failure
}

// turn does what the page that came asks for, and reports whether the sign-in is over.
func (v *visit) turn(ctx context.Context) (signedIn bool, err error) {
	page := parsePage(v.response)
	for at := v.done; at < len(v.SignIn.Steps); at++ {
		step := v.SignIn.Steps[at]
		if form := page.formWith(step.Form); step.Form != nil && form != nil {
			v.done, v.sent = at+1, true
			return false, inPart(v.submit(ctx, form, v.fillForm(step.Form)), partOf(at))
		}
	}
	for _, step := range v.SignIn.Steps[:v.done] {
		if step.Form != nil && page.formWith(step.Form) != nil {
			return false, &Error{Kind: ErrCredentials, Request: v.response.Request, Response: v.response, Cause: errors.New("the sign-in page came again")}
		}
	}
	if form := page.automatic(); form != nil {
		return false, v.submit(ctx, form, nil)
	}
	returned := v.outside != "" && withoutQuery(v.response.Request.URL) == withoutQuery(v.start)
	if v.done < len(v.SignIn.Steps) && !returned && v.SignIn.Steps[v.done].Form == nil && success(v.response.StatusCode) {
		at := v.done
		v.done, v.sent = at+1, true
		return false, inPart(v.script(ctx, v.SignIn.Steps[at]), partOf(at))
	}
	return true, v.arrived(page, returned)
}

func partOf(step int) string { return fmt.Sprintf("sign_in.steps[%d]", step) }

// inPart says which part of the profile an error is about, if it does not say so.
func inPart(err error, part string) error {
	var failure *Error
	if errors.As(err, &failure) && failure.Part == "" && failure.Kind != ErrCredentials {
		failure.Part = part
	}
	return err
}

// arrived checks the page at the end. Whether the session counts, its first use decides.
func (v *visit) arrived(page page, returned bool) error {
	at := v.response.Request.URL
	authenticating := v.authenticates(at)
	switch status := v.response.StatusCode; {
	case v.sent && (status == http.StatusUnauthorized || status == http.StatusForbidden && authenticating):
		return &Error{Kind: ErrCredentials, Request: v.response.Request, Response: v.response}
	case !success(status):
		return &Error{Kind: kindOf(status), Part: "sign_in.start", Request: v.response.Request, Response: v.response}
	case page.asksForPassword && !returned: // The page that was asked for can have fields for secrets.
		return v.unexpected("it asks for a password")
	case !v.sent && !returned && len(v.SignIn.Steps) > 0:
		return v.unexpected("it has no form that fits sign_in.steps[%d]", v.done)
	case authenticating && len(page.forms) > 0:
		return v.unexpected("it asks for something else, such as consent or a second factor")
	case v.session.Cookies.empty():
		return &Error{Kind: ErrNoSession, Request: v.response.Request, Response: v.response}
	}
	return nil
}

// kindOf is ErrPage for what the server refuses, and nil for a failure of the server.
func kindOf(status int) error {
	if status >= 400 && status <= 499 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests {
		return ErrPage
	}
	return nil
}

// unexpected is the error of a page that the profile does not describe. The response
// has its title.
func (v *visit) unexpected(format string, arguments ...any) error {
	return &Error{Kind: ErrPage, Part: "sign_in", Request: v.response.Request, Response: v.response, Cause: fmt.Errorf(format, arguments...)}
}

// submit sends a form with some of its fields filled in.
func (v *visit) submit(ctx context.Context, f *form, fields map[string]string) error {
	request, err := f.request(ctx, fields)
	if err != nil {
		return &Error{Kind: ErrPage, Request: v.response.Request, Response: v.response, Cause: err}
	}
	if !v.trusted(request.URL) {
		return elsewhere(v.response.Request, v.response, request.URL)
	}
	return v.open(request)
}

func (v *visit) fillForm(fields map[string]string) map[string]string {
	filled := make(map[string]string, len(fields))
	for name, text := range fields {
		value, _ := v.value(text).(string)
		filled[name] = value
	}
	return filled
}

// value is what a placeholder stands for: a credential, or what the browser has got
// before. Another text stands for itself.
func (v *visit) value(text string) any {
	switch text {
	case profile.Username:
		return v.Username
	case profile.Password:
		return v.Password
	case profile.Origin:
		return v.response.Request.URL.Scheme + "://" + v.response.Request.URL.Host
	case profile.CSRFToken:
		if token := v.session.CSRF.Load(); token != nil {
			return *token
		}
		return ""
	}
	source, name, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"), ".")
	if !found || !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return text
	}
	switch source {
	case profile.FromQuery: // of the page's address
		return v.response.Request.URL.Query().Get(name)
	case profile.FromField: // of the page
		return parsePage(v.response).field(name)
	case profile.FromCookie:
		return v.session.Cookies.Value(name, v.response.Request.URL)
	case profile.FromResponse: // to the step before
		value, _ := profile.Lookup(v.message, name)
		return value
	}
	return text
}

// script sends what the script of a page sends, and goes on where the response says, or
// from the start.
func (v *visit) script(ctx context.Context, step profile.Step) error {
	content, err := json.Marshal(profile.FillJSON(step.JSON, v.value))
	if err != nil {
		return err
	}
	request, err := newRequest(ctx, step.Method, v.Root(profile.WebApp, step.Path), step.Path, strings.NewReader(string(content)))
	if err != nil {
		return err
	}
	page := v.response.Request.URL
	request.Header.Set("Accept", "application/json, */*;q=0.8")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", page.Scheme+"://"+page.Host)
	for name, text := range v.Headers {
		if value, _ := v.value(text).(string); value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := v.send(v.session, request)
	if err != nil {
		return err
	}
	response.Request = request
	failure := &Error{Request: request, Response: response}
	switch {
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		failure.Kind = ErrCredentials
		return failure
	case !success(response.StatusCode):
		failure.Kind = kindOf(response.StatusCode)
		return failure
	}
	message, unreadable := profile.DecodeJSON(Body(response))
	v.message = message
	next := v.start
	if step.Next != "" {
		address, _ := profile.Lookup(v.message, step.Next)
		text, isText := address.(string)
		if next, err = page.Parse(text); unreadable != nil || !isText || err != nil {
			failure.Kind, failure.Cause = ErrPage, fmt.Errorf("the response has no address at %q", step.Next)
			return failure
		}
	}
	if step.Next == "" && v.done < len(v.SignIn.Steps) && v.SignIn.Steps[v.done].Form == nil {
		return nil // The same page goes on.
	}
	if !v.trusted(next) {
		return elsewhere(request, response, next)
	}
	request, err = http.NewRequestWithContext(ctx, http.MethodGet, next.String(), http.NoBody)
	if err != nil {
		return err
	}
	return v.open(request)
}

// Authorize implements Method.
func (p *Page) Authorize(request *http.Request, session *Session) {
	Send(request, session.Cookies.For(request.URL))
}

// Judge implements Method.
func (p *Page) Judge(session *Session, response *http.Response) Verdict {
	return judge(&p.Servers, session, response, p.SignIn.Steps)
}

// Refused implements Method.
func (p *Page) Refused(*Session, *http.Response) error { return nil }

// Close implements Method.
func (p *Page) Close(ctx context.Context, session *Session) error {
	return signOut(ctx, p.Client, session, p.SignIn.SignOut)
}

// judge tells whether a session of the platform has ended. A request that is sent where
// requests without a session are sent was not processed. One that is sent to the start,
// or answered with the sign-in page, may have been.
func judge(servers *Servers, session *Session, response *http.Response, steps []profile.Step) Verdict {
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized:
		return Ended
	case IsRedirect(status):
		target, err := response.Request.URL.Parse(response.Header.Get("Location"))
		switch {
		case err != nil || isOwn(response.Request, target):
			return Valid
		case withoutQuery(target) == session.outside:
			return Ended
		case withoutQuery(target) == session.start:
			return Doubtful
		case servers.authenticates(target) && !servers.authenticates(response.Request.URL):
			return Ended
		}
		return Valid
	case !isSignIn(response, steps):
		return Valid
	case success(status):
		return Doubtful
	}
	return Ended
}

// isSignIn reports whether a response is a sign-in page: it has the form of a step, or
// asks for a password, which other pages can do as well.
func isSignIn(response *http.Response, steps []profile.Step) bool {
	page := parsePage(response)
	return page.asksForPassword && response.Request.Context().Value(pageKey{}) == nil || slices.ContainsFunc(steps, func(step profile.Step) bool {
		return page.formWith(step.Form) != nil
	})
}

type pageKey struct{}

// WithPage returns a context for a request for a page, which can have fields for
// passwords of its own.
func WithPage(ctx context.Context) context.Context { return context.WithValue(ctx, pageKey{}, true) }

type ownKey struct{}

// WithRedirect returns a context for a request whose success is a redirect to a path of
// the API profile.
func WithRedirect(ctx context.Context, path string) context.Context {
	return context.WithValue(ctx, ownKey{}, path)
}

// isOwn reports whether a redirect is the success of its request.
func isOwn(request *http.Request, target *url.URL) bool {
	path, _ := request.Context().Value(ownKey{}).(string)
	if path == "" || target.Host != request.URL.Host {
		return false
	}
	want, got := strings.Split(path, "/")[1:], strings.Split(target.EscapedPath(), "/")
	if len(got) < len(want) {
		return false
	}
	for i, segment := range got[len(got)-len(want):] {
		if want[i] != segment && (!strings.HasPrefix(want[i], "{") || segment == "") {
			return false
		}
	}
	return true
}

// signOut ends a session of the platform, and follows redirects. Any success ends it,
// also one of the page that follows, which may ask to sign in again, and so does a
// refusal.
func signOut(ctx context.Context, c *Client, session *Session, call *profile.SignOut) error {
	if call == nil {
		return nil
	}
	request, err := newRequest(ctx, call.Method, c.Root(cmp.Or(call.Server, profile.WebApp), call.Path), call.Path, http.NoBody)
	if err != nil {
		return err
	}
	response, first, err := follow(c, session, request)
	if err == nil && first != "" && first == session.outside {
		// The session had ended: on the way, the authentication server has opened another
		// one.
		response, _, err = follow(c, session, request)
	}
	switch {
	case response != nil && (success(response.StatusCode) || response.StatusCode == http.StatusUnauthorized || IsRedirect(response.StatusCode)):
		return nil // A redirect that is not followed leads to single sign-on.
	case err != nil:
		return inPart(err, "sign_in.sign_out")
	}
	return &Error{Part: "sign_in.sign_out", Request: response.Request, Response: response}
}

// withoutQuery is an address without what differs each time.
func withoutQuery(u *url.URL) string {
	path, _, _ := strings.Cut(u.EscapedPath(), ";")
	return serverOf(u) + path
}
