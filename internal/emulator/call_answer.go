package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// consumerAnswer describes a consumer as the profile says of the call.
func (s *Server) consumerAnswer(c *call, stored *storedConsumer) *answer {
	a := newAnswer(c.Success[0], "", nil)
	if shape := c.Answer; shape != nil {
		switch {
		case a.status == http.StatusNoContent:
		case shape.Format == "text":
			a = newAnswer(a.status, "text/plain; charset=utf-8", []byte(s.keyText(shape, stored.Key)))
		case shape.Key != nil || shape.Name != nil || shape.Approved != nil:
			a = shapedAnswer(c, s.item(shape, stored))
		}
		if shape.KeyHeader != "" {
			a.header.Set(shape.KeyHeader, s.keyText(shape, stored.Key))
		}
	}
	if a.status >= http.StatusMultipleChoices && a.header.Get("Location") == "" {
		a.header.Set("Location", s.config.PathPrefix+s.adminPagePath())
	}
	return a
}

// shapedAnswer is JSON, or JSON-LD where a member has the name of one of its
// keywords.
func shapedAnswer(c *call, document any) *answer {
	a := jsonAnswer(c.Success[0], document)
	if c.Answer.Key != nil && strings.Contains(*c.Answer.Key, "/@") {
		a.header.Set("Content-Type", "application/ld+json")
	}
	return a
}

// listDocument has the consumers where the profile says that the list has them.
func (s *Server) listDocument(c *call, consumers []*storedConsumer) any {
	array, members := []any{}, map[string]any{}
	for _, stored := range consumers {
		item := s.item(c.Answer, stored)
		array = append(array, item)
		members[s.keyText(c.Answer, stored.Key)] = item
	}
	if c.Answer.KeyIsMember {
		return setAt(nil, c.Answer.Items, members)
	}
	return setAt(nil, c.Answer.Items, array)
}

// item is a consumer, with members that no client knows.
func (s *Server) item(shape *profile.Answer, stored *storedConsumer) any {
	var item any
	if shape.Key != nil {
		item = setAt(item, *shape.Key, s.keyValue(shape, stored.Key))
	}
	if shape.Name != nil {
		item = setAt(item, *shape.Name, stored.Name)
	}
	approved := s.profile.Approved.No[0]
	if stored.Approved {
		approved = s.profile.Approved.Yes[0]
	}
	// A value of null is a member that is absent.
	if shape.Approved != nil && approved != nil {
		item = setAt(item, *shape.Approved, approved)
	}
	if members, ok := item.(map[string]any); ok {
		all := map[string]any{
			"createdOn": stored.created.UTC().Format(time.RFC3339), "_links": map[string]string{"self": "oauth-consumer"},
		}
		maps.Copy(all, members)
		return all
	}
	return item
}

// keyValue is a key in JSON. A member called id holds a number, as the keys of
// databases are, if the key is one.
func (s *Server) keyValue(shape *profile.Answer, key string) any {
	if shape.KeyIsLastSegment {
		return s.origin(shape) + s.keyPath(key)
	}
	if strings.HasSuffix(*shape.Key, "/id") {
		if number, err := strconv.ParseInt(key, 10, 64); err == nil && strconv.FormatInt(number, 10) == key {
			return number
		}
	}
	return key
}

// hasNumericKeys says whether keyValue prefers numbers.
func hasNumericKeys(p *profile.Profile) bool {
	shape := p.Calls.List.Answer
	return shape.Key != nil && !shape.KeyIsLastSegment && strings.HasSuffix(*shape.Key, "/id")
}

func (s *Server) keyText(shape *profile.Answer, key string) string {
	if shape.KeyIsLastSegment {
		return s.config.PathPrefix + s.keyPath(key)
	}
	return key
}

// origin is in front of a path in a body: an answer to the list has paths, the
// others have URLs.
func (s *Server) origin(shape *profile.Answer) string {
	if shape == s.profile.Calls.List.Answer {
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
