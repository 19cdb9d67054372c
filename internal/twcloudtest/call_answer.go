package twcloudtest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// consumerAnswer tells a consumer as the answer of the call does.
func (s *Server) consumerAnswer(c *call, stored *storedConsumer) *answer {
	status, tells := c.Success[0], c.Answer
	a := newAnswer(status, "", nil)
	if tells == nil {
		s.redirectToPage(a)
		return a
	}
	switch {
	case status == http.StatusNoContent:
	case tells.Format == "text":
		a = newAnswer(status, "text/plain; charset=utf-8", []byte(s.keyText(tells, stored.Key)))
	case tells.Key != nil || tells.Name != nil || tells.Approved != nil:
		a = jsonAnswer(status, s.item(tells, stored))
		setJSONType(a, tells)
	}
	if tells.KeyHeader != "" {
		a.header.Set(tells.KeyHeader, s.keyText(tells, stored.Key))
	}
	s.redirectToPage(a)
	return a
}

// redirectToPage completes a redirect that tells nothing.
func (s *Server) redirectToPage(a *answer) {
	if a.status >= http.StatusMultipleChoices && a.header.Get("Location") == "" {
		a.header.Set("Location", s.config.PathPrefix+s.adminPagePath())
	}
}

// setJSONType says JSON-LD where a member has the name of one of its keywords.
func setJSONType(a *answer, tells *profile.Answer) {
	if tells.Key != nil && strings.Contains(*tells.Key, "/@") {
		a.header.Set("Content-Type", "application/ld+json")
	}
}

// listAnswer answers consumers. add puts further members into the document.
func (s *Server) listAnswer(c *call, consumers []*storedConsumer, add func(document any) any) *answer {
	array, members := []any{}, map[string]any{}
	for _, stored := range consumers {
		item := s.item(c.Answer, stored)
		array = append(array, item)
		members[s.keyText(c.Answer, stored.Key)] = item
	}
	var items any = array
	if c.Answer.KeyIsMember {
		items = members
	}
	a := jsonAnswer(c.Success[0], add(setAt(nil, c.Answer.Items, items)))
	setJSONType(a, c.Answer)
	return a
}

// item is a consumer, with members that no client knows.
func (s *Server) item(tells *profile.Answer, stored *storedConsumer) any {
	var item any
	if tells.Key != nil {
		item = setAt(item, *tells.Key, s.keyValue(tells, stored.Key))
	}
	if tells.Name != nil {
		item = setAt(item, *tells.Name, stored.Name)
	}
	approved := s.profile.Approved.No[0]
	if stored.Approved {
		approved = s.profile.Approved.Yes[0]
	}
	// A value of null is a member that is absent.
	if tells.Approved != nil && approved != nil {
		item = setAt(item, *tells.Approved, approved)
	}
	for pointer, value := range map[string]any{
		"/createdOn": stored.created.UTC().Format(time.RFC3339), "/_links": map[string]string{"self": "oauth-consumer"},
	} {
		if _, isObject := item.(map[string]any); isObject {
			if _, known := profile.Lookup(item, pointer); !known {
				item = setAt(item, pointer, value)
			}
		}
	}
	return item
}

// keyValue is a key in JSON. A member called id holds a number, as the keys of
// databases are, if the key is one.
func (s *Server) keyValue(tells *profile.Answer, key string) any {
	if tells.KeyIsLastSegment {
		return s.origin(tells) + s.keyPath(key)
	}
	if strings.HasSuffix(*tells.Key, "/id") {
		if number, err := strconv.ParseInt(key, 10, 64); err == nil && strconv.FormatInt(number, 10) == key {
			return number
		}
	}
	return key
}

// hasNumericKeys says whether keyValue prefers numbers.
func hasNumericKeys(p *profile.Profile) bool {
	tells := p.Calls.List.Answer
	return tells.Key != nil && !tells.KeyIsLastSegment && strings.HasSuffix(*tells.Key, "/id")
}

func (s *Server) keyText(tells *profile.Answer, key string) string {
	if tells.KeyIsLastSegment {
		return s.config.PathPrefix + s.keyPath(key)
	}
	return key
}

// origin is in front of a path in a body: an answer to the list has paths, the
// others have URLs.
func (s *Server) origin(tells *profile.Answer) string {
	if tells == s.profile.Calls.List.Answer {
		return s.config.PathPrefix
	}
	return s.parts[s.profile.Server].url
}

// keyPath is a path that ends in the key.
func (s *Server) keyPath(key string) string {
	path := s.profile.Calls.List.Path + "/" + profile.Key
	if read := s.profile.Calls.Read; read != nil && strings.HasSuffix(read.Path, "/"+profile.Key) {
		path = read.Path
	}
	return strings.TrimSuffix(path, profile.Key) + url.PathEscape(key)
}

// setAt puts a value at a JSON pointer (RFC 6901) and makes what is on the way.
func setAt(document any, pointer string, value any) any {
	if pointer == "" {
		return value
	}
	token, rest := pointer[1:], ""
	if slash := strings.IndexByte(token, '/'); slash >= 0 {
		token, rest = token[:slash], token[slash:]
	}
	token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	members, isObject := document.(map[string]any)
	if index, err := strconv.Atoi(token); err == nil && index >= 0 && index < 100 && !isObject {
		array, _ := document.([]any)
		for len(array) <= index {
			array = append(array, nil)
		}
		array[index] = setAt(array[index], rest, value)
		return array
	}
	if !isObject {
		members = map[string]any{}
	}
	members[token] = setAt(members[token], rest, value)
	return members
}
