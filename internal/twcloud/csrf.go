package twcloud

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

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
	return call.Has(profile.CSRFToken) || inherited && call.Method != http.MethodGet && !call.Reads()
}

// csrfToken returns the latest token of the session. It requests one if there is
// none, or if renew is set.
func (c *connection) csrfToken(ctx context.Context, renew bool) (string, error) {
	from, session := c.profile.CSRF, c.sessionFor(c.root())
	// The request for the token proves nothing about the call that needs it.
	ctx, _ = withDoubt(withManner(ctx, ordinary))
	seat, err := session.acquire(ctx)
	if err != nil {
		return "", newTransportError(&http.Request{Method: http.MethodGet, URL: c.root()}, err, c.redact)
	}
	if token := seat.CSRF.Load(); token != nil && *token != "" && !renew {
		return *token, nil
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
	// The session may have been replaced.
	if seat, err = session.acquire(ctx); err != nil {
		return "", newTransportError(answer.Request, err, c.redact)
	}
	if from.From == "body" {
		token, err := tokenInBody(answer, from.Pointer)
		if err != nil {
			return "", err
		}
		session.keepToken(seat, token)
	}
	if token := seat.CSRF.Load(); token != nil && *token != "" {
		return *token, nil
	}
	return "", answer.unreadable("the answer has no CSRF token in the %s %q", from.From, from.Name)
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
