package twcloud

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// csrf holds the token that the server requires with each change.
type csrf struct {
	mu    sync.Mutex
	token string
	// session is the session that the token belongs to.
	session *openSession
}

// usesCSRF reports whether a call sends the token. A call that reads does so
// only if it names the token itself.
func usesCSRF(p *profile.Profile, call *profile.Call) bool {
	if p.CSRF == nil {
		return false
	}
	inherited := false
	for _, text := range p.Headers {
		inherited = inherited || text == profile.CSRFToken
	}
	return call.Has(profile.CSRFToken) || inherited && call.Method != http.MethodGet && call != p.Calls.List && call != p.Calls.Read
}

// observe takes the token from a header of an answer. The latest one counts.
func (c *csrf) observe(from *profile.CSRF, session *openSession, response *http.Response, redact *redactor) {
	if from == nil || from.From != "header" {
		return
	}
	if token := response.Header.Get(from.Name); token != "" {
		c.keep(token, session, redact)
	}
}

func (c *csrf) keep(token string, session *openSession, redact *redactor) {
	redact.add(token)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.session = token, session
}

// csrfToken returns the token of the session. It requests one if there is none,
// or if renew is set.
func (c *connection) csrfToken(ctx context.Context, renew bool) (string, error) {
	from := c.profile.CSRF
	session, err := c.chain.session.acquire(ctx)
	if err != nil {
		return "", newTransportError(&http.Request{Method: http.MethodGet, URL: c.root()}, err, c.redact)
	}
	if token := c.knownCSRFToken(from, session); token != "" && !renew {
		return token, nil
	}
	// Without a path, the list has the token.
	call := c.profile.Calls.List
	if from.Path != "" {
		call = &profile.Call{Method: http.MethodGet, Path: from.Path, Success: []int{http.StatusOK, http.StatusNoContent}}
	}
	answer, err := c.send(ctx, call, values{})
	if err != nil {
		return "", err
	}
	if !answer.expected() {
		return "", answer.failure()
	}
	if from.From == "body" {
		token, err := tokenInBody(answer, from.Pointer)
		if err != nil {
			return "", err
		}
		c.csrf.keep(token, session, c.redact)
	}
	// The session may have been replaced.
	if session, err = c.chain.session.acquire(ctx); err != nil {
		return "", newTransportError(answer.Request, err, c.redact)
	}
	if token := c.knownCSRFToken(from, session); token != "" {
		return token, nil
	}
	return "", answer.unreadable("the answer has no CSRF token in the %s %q", from.From, from.Name+from.Pointer)
}

func (c *connection) knownCSRFToken(from *profile.CSRF, session *openSession) string {
	if from.From == "cookie" {
		return c.chain.session.cookie(session, from.Name)
	}
	c.csrf.mu.Lock()
	defer c.csrf.mu.Unlock()
	if c.csrf.session != session {
		return ""
	}
	return c.csrf.token
}

func tokenInBody(answer *answer, pointer string) (string, error) {
	var document any
	if err := json.Unmarshal(bodyOf(answer.Response), &document); err != nil {
		return "", answer.unreadable("the answer with the CSRF token is not JSON: %w", err)
	}
	value, _ := profile.Lookup(document, pointer)
	token, ok := value.(string)
	if !ok || token == "" {
		return "", answer.unreadable("the answer has no CSRF token at %q", pointer)
	}
	return token, nil
}
