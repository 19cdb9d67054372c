package twcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// values replace the placeholders of a call. A member whose value is nil is
// left out of the body.
type values struct {
	key          string
	name, secret *string
	approved     *bool
	// page is the query of a page of a list.
	page url.Values
}

// call sends one call of the profile in the session and passes the answer to
// read, if its status means, or may mean, success. The caller makes secrets in
// the body known to the redactor. A panic becomes an error, so that the caller
// can report what may exist on the server. The error of a call that may have
// changed something is an *UncertainError.
func (c *connection) call(ctx context.Context, call *profile.Call, v values, read func(*answer) error) (err error) {
	ctx, uncertain := withDoubt(ctx)
	defer func() {
		reason := recover()
		if reason != nil {
			err = newPanicError(call.Method, call.Path, reason, c.redact)
		}
		if err != nil && !call.Reads() && (reason != nil || uncertain()) {
			err = &UncertainError{Err: err}
		}
	}()
	answer, err := c.send(ctx, call, v)
	if err != nil {
		return err
	}
	if !answer.expected() {
		if !success(answer.StatusCode) {
			return answer.failure()
		}
		c.evidence.noteStatus(answer)
	}
	err = read(answer)
	c.evidence.noteAnswer(err)
	return err
}

// send sends one call and returns the answer with any status.
func (c *connection) send(ctx context.Context, call *profile.Call, v values) (*answer, error) {
	for attempt := 0; ; attempt++ {
		token := ""
		if usesCSRF(c.profile, call) {
			var err error
			if token, err = c.csrfToken(ctx, attempt > 0); err != nil {
				return nil, err
			}
		}
		request, err := c.newCallRequest(ctx, call, v, token)
		if err != nil {
			return nil, err
		}
		response, err := c.roundTrip(request)
		if err != nil {
			return nil, err
		}
		// The token may belong to a session that has expired.
		if response.StatusCode == http.StatusForbidden && token != "" && attempt == 0 {
			continue
		}
		return &answer{Response: response, call: call, approved: c.profile.Approved, redact: c.redact}, nil
	}
}

// root is the server that the profile is for.
func (c *connection) root() *url.URL {
	if c.profile.Server == profile.WebApp {
		return c.options.WebAppEndpoint
	}
	return c.options.Endpoint
}

func (c *connection) newCallRequest(ctx context.Context, call *profile.Call, v values, csrf string) (*http.Request, error) {
	query := url.Values{}
	maps.Copy(query, v.page)
	for name, text := range call.Query {
		if !query.Has(name) {
			query.Set(name, strings.Replace(text, profile.Key, v.key, 1))
		}
	}
	content, contentType, err := body(call, c.sentAs(call, v, csrf))
	if err != nil {
		return nil, err
	}
	root := c.root()
	request, err := newRequest(ctx, call.Method, root, pathOf(call, v.key), query.Encode(), content)
	if err != nil {
		return nil, err
	}
	for _, headers := range []map[string]string{c.profile.Headers, call.Headers} {
		for name, text := range headers {
			switch text {
			case profile.CSRFToken:
				if csrf == "" {
					continue // The call is not one that needs it.
				}
				text = csrf
			case profile.Origin:
				text = root.Scheme + "://" + root.Host
			}
			request.Header.Set(name, text)
		}
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request, nil
}

// sentAs returns the known values by placeholder, in the form that the call sends.
func (c *connection) sentAs(call *profile.Call, v values, csrf string) map[string]any {
	sent := map[string]any{profile.Key: v.key, profile.CSRFToken: csrf}
	if v.name != nil {
		sent[profile.Name] = *v.name
	}
	if v.secret != nil {
		sent[profile.Secret] = *v.secret
	}
	if v.approved != nil {
		as := call.ApprovedAs
		if as == nil {
			as = &profile.ApprovedAs{Yes: c.profile.Approved.Yes[0], No: c.profile.Approved.No[0]}
		}
		sent[profile.ApprovedNow] = as.No
		if *v.approved {
			sent[profile.ApprovedNow] = as.Yes
		}
	}
	return sent
}

// body is nil if the call has none.
func body(call *profile.Call, sent map[string]any) (content io.Reader, contentType string, err error) {
	switch {
	case call.Form != nil:
		form := url.Values{}
		for name, text := range call.Form {
			if value, known := fill(text, sent); known {
				form.Set(name, fmt.Sprint(value))
			}
		}
		return bytes.NewReader([]byte(form.Encode())), "application/x-www-form-urlencoded", nil
	case call.JSON != nil:
		filled, known := fill(call.JSON, sent)
		if !known {
			return nil, "", errors.New("the whole body is a value that is not known")
		}
		encoded, err := json.Marshal(filled)
		return bytes.NewReader(encoded), "application/json", err
	}
	return nil, "", nil
}

// fill replaces the placeholders in a JSON value. Members and elements whose
// value is not known are left out.
func fill(template any, sent map[string]any) (value any, known bool) {
	switch template := template.(type) {
	case string:
		if value, known := sent[template]; known {
			return value, true
		}
		return template, !slices.Contains([]string{profile.Name, profile.Secret, profile.ApprovedNow}, template)
	case []any:
		filled := make([]any, 0, len(template))
		for _, element := range template {
			if value, known := fill(element, sent); known {
				filled = append(filled, value)
			}
		}
		return filled, true
	case map[string]any:
		filled := make(map[string]any, len(template))
		for name, member := range template {
			if value, known := fill(member, sent); known {
				filled[name] = value
			}
		}
		return filled, true
	}
	return template, true
}

// Supports returns ErrUnsupported if the API profile has no call for one of the
// changes, or if the server refused that call before.
func (c *Client) Supports(changes Changes) error {
	_, err := c.steps(changes)
	return err
}

// CanRegister returns ErrUnsupported if the API profile has no call that registers.
func (c *Client) CanRegister() error { return supported("register", c.profile.Calls.Register) }

// CanRemove returns ErrUnsupported if the API profile has no call that removes.
func (c *Client) CanRemove() error { return supported("remove", c.profile.Calls.Remove) }

func supported(name string, call *profile.Call) error {
	if call != nil {
		return nil
	}
	missing := &profile.Call{Name: name, Method: "calls", Path: name}
	return newCallError(ErrUnsupported, missing, "", errors.New("the API profile has no such call")).in(partOf(missing))
}

// newCallError makes an *Error of a call that concerns a consumer, without an
// answer of the server.
func newCallError(kind error, call *profile.Call, key string, cause error) *Error {
	return &Error{Kind: kind, Method: call.Method, Path: pathOf(call, key), Cause: cause}
}

// partOf is the part of the profile that has a call.
func partOf(call *profile.Call) string {
	if call.Name == "" {
		return "csrf"
	}
	return "calls." + call.Name
}
