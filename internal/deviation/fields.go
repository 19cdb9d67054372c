package deviation

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var consumers = []string{"list", "read", "register", "update"}

// inEach changes every consumer that the server tells of.
func inEach(change func(map[string]any)) func() handler {
	return on(consumers, func(_ *call, a *answer) *answer { return a.each(change) })
}

func rename(from, to string) func() handler {
	return inEach(func(item map[string]any) {
		if value, found := item[from]; found {
			delete(item, from)
			item[to] = value
		}
	})
}

// fields are the deviations in what a consumer looks like.
func fields() []Deviation {
	return []Deviation{
		{Name: "field-key-renamed", handler: rename("key", "consumerKey")},
		{Name: "field-name-renamed", handler: rename("name", "title")},
		{Name: "field-approved-renamed", handler: rename("approved", "active")},
		{Name: "field-approved-missing", handler: inEach(func(item map[string]any) { delete(item, "approved") })},
		{Name: "field-approved-string", handler: inEach(func(item map[string]any) {
			item["approved"] = strconv.FormatBool(item["approved"] == true)
		})},
		{Name: "field-approved-word", handler: inEach(func(item map[string]any) {
			item["approved"] = map[any]string{true: "APPROVED", false: "PENDING"}[item["approved"]]
		})},
		{Name: "field-approved-absent-if-not", handler: inEach(func(item map[string]any) {
			if item["approved"] == false {
				delete(item, "approved")
			}
		})},
		{Name: "fields-all-renamed", handler: inEach(func(item map[string]any) {
			item["id"], item["title"], item["state"] = item["key"], item["name"], item["approved"]
			delete(item, "key")
			delete(item, "name")
			delete(item, "approved")
		})},
		{Name: "field-key-number", Works: Everywhere, Setup: func(config *twcloudtest.Config) {
			config.NewKey = func() string { return strconv.Itoa(1e6 + rand.IntN(9e6)) } //nolint:gosec // It is no secret.
		}, handler: inEach(func(item map[string]any) {
			if number, err := strconv.Atoi(text(item["key"])); err == nil {
				item["key"] = number
			}
		})},
		{Name: "field-key-null", handler: inEach(func(item map[string]any) { item["key"] = nil })},
		{Name: "field-name-null", handler: inEach(func(item map[string]any) { item["name"] = nil })},
		{Name: "field-nested", handler: on(consumers, func(c *call, a *answer) *answer {
			if c.is("list") {
				return a.each(func(item map[string]any) {
					inner := map[string]any{}
					for name, value := range item {
						inner[name] = value
						delete(item, name)
					}
					item["consumer"] = inner
				})
			}
			return a.with(map[string]any{"consumer": a.value()})
		})},
		{Name: "field-unknown-more", Works: Everywhere, handler: inEach(func(item map[string]any) { item["created"], item["links"] = 1700000000, []any{} })},
		{Name: "request-fields-renamed", handler: stateless(func(c *call) *answer {
			if c.is("register", "update") {
				return refuses(http.StatusBadRequest, "consumerName must not be empty")
			}
			return c.forward()
		})},
		{Name: "name-lower-case", Renames: true, handler: stateless(stores(strings.ToLower))},
		{Name: "name-without-blanks", Renames: true, handler: stateless(stores(func(name string) string { return strings.ReplaceAll(name, " ", "_") }))},
		{Name: "name-cut", Renames: true, handler: stateless(stores(func(name string) string { return name[:min(len(name), 7)] }))},
		{Name: "name-empty", Renames: true, handler: stateless(stores(func(string) string { return "nameless" }))},
		{Name: "name-escaped-in-answers", handler: inEach(func(item map[string]any) {
			item["name"] = strings.ReplaceAll(text(item["name"]), " ", "&nbsp;")
		})},
	}
}

// stores has the server store another name than it was given.
func stores(name func(string) string) handler {
	return func(c *call) *answer {
		if given, ok := c.body["name"].(string); ok {
			c.body["name"] = name(given)
		}
		return c.forward()
	}
}
