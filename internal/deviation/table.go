package deviation

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	html         = "text/html"
	consumerPage = "<html><title>OAuth consumers</title></html>"
	signInPage   = "<html><title>Sign in</title><input type=password></html>"
	exception    = "NullPointerException"
	noPath       = "no such path"
)

// lists are the deviations of the list, except for its pages.
var lists = []Deviation{
	{Name: "list-wrapped", handle: on(list, value(func(all any) any { return object{"items": all} }))},
	{Name: "list-json-ld", handle: on(list,
		each(func(item object) {
			item["@id"], item["@type"] = wire.DefaultOAuthConsumersPath+"/"+keyOf(item), "Consumer"
		}),
		value(func(all any) any { return object{"@context": "https://example.com/context", "@graph": all} }))},
	{Name: "list-keys-only", Works: IfEmpty, handle: on(list, items(func(all []any) []any {
		for i, item := range all {
			all[i] = keyOf(item)
		}
		return all
	}))},
	{Name: "list-keys-only-in-objects", Works: IfEmpty, handle: on(list, drop("name", "approved"))},
	{Name: "list-by-key", handle: on(list, func(_ *call, a *answer) {
		byKey := object{}
		for _, item := range a.items() {
			byKey[keyOf(item)] = item
		}
		a.with(byKey)
	})},
	{Name: "list-lags", Lags: true, Works: Everywhere, handle: on(list, func(c *call, a *answer) {
		if before, found := c.memory.Swap("list", a.items()); found {
			a.with(before)
		}
	})},
	{Name: "list-cached", Lags: true, Works: Everywhere, handle: on(list, func(c *call, a *answer) {
		if c.nth%4 == 1 {
			c.memory.Delete("list")
		}
		cached, _ := c.memory.LoadOrStore("list", a.items())
		a.with(cached)
	})},
	{Name: "list-duplicates", Works: Everywhere, handle: on(list, items(func(all []any) []any { return append(all, all...) }))},
	{Name: "list-206", handle: on(list, status(206))},
	{Name: "list-201", handle: on(list, status(201))},
	{Name: "list-others-only", Works: Everywhere, handle: on(list, keep(func(item object) bool { return isForeign(keyOf(item)) }))},
	{Name: "list-approved-only", Works: Everywhere, handle: on(list, keep(func(item object) bool { return item["approved"] == true }))},
	{Name: "list-empty-always", Works: Everywhere, handle: on(list, body([]any{}))},
	{Name: "list-null-when-empty", Works: IfOthers, handle: on(list, ifEmpty(body(nil)))},
	{Name: "list-204-when-empty", Works: IfOthers, handle: on(list, ifEmpty(empty, status(204)))},
	{Name: "list-404-when-empty", Works: IfOthers, handle: on(list, ifEmpty(refuse(404, "there are none")))},
	{Name: "list-405", handle: instead(list, refuse(405, "no list"))},
	{Name: "list-null", handle: on(list, body(nil))},
	{Name: "list-500", handle: instead(list, refuse(500, exception))},
	{Name: "list-web-page", handle: instead(list, text(200, html, signInPage))},
	{Name: "list-one-of-each-name", Works: Everywhere, handle: on(list, items(func(all []any) []any {
		seen := map[string]bool{}
		return slices.DeleteFunc(ordered(all), func(item any) bool {
			name := textOf(item, "name")
			again := seen[name]
			seen[name] = true
			return again
		})
	}))},
	{Name: "list-with-null", handle: on(list, items(func(all []any) []any { return append(all, nil) }))},
	{Name: "list-bom", handle: on(list, func(_ *call, a *answer) { a.body = append([]byte("\xef\xbb\xbf"), a.body...) })},
}

const pageSize = 3

// pages are the deviations in which the list has pages.
var pages = []Deviation{
	{Name: "paged-unannounced", Works: Everywhere, handle: on(list, paged(pageSize, nil))},
	{Name: "paged-unannounced-by-ten", Works: Everywhere, Others: others(10), handle: on(list, paged(10, nil))},
	{Name: "paged-unannounced-by-ten-no-read", Works: IfEmpty, Others: others(10), handle: func(c *call) *answer {
		if c.is(read) {
			return instead(read, refuse(404, noPath))(c)
		}
		return on(list, paged(10, nil))(c)
	}},
	{Name: "paged-link", Works: Everywhere, handle: on(list, paged(pageSize, func(a *answer, p page) {
		if p.more {
			a.header.Set("Link", fmt.Sprintf("<%s>; rel=\"next\"", p.next()))
		}
	}))},
	{Name: "paged-link-overlapping", Works: Everywhere, handle: on(list, func(c *call, a *answer) {
		all := ordered(a.items())
		slices.Reverse(all)
		from, _ := strconv.Atoi(c.request.URL.Query().Get("from"))
		from = min(from, len(all))
		to := min(from+pageSize, len(all))
		if to < len(all) {
			a.header.Set("Link", fmt.Sprintf("<%s?from=%d>; rel=\"next\"", c.path, to-1))
		}
		a.with(all[from:to])
	})},
	{Name: "paged-total-header", Works: IfEmpty, Others: others(4), handle: on(list, paged(pageSize, func(a *answer, p page) {
		a.header.Set("X-Total-Count", strconv.Itoa(p.total))
	}))},
	{Name: "paged-total-header-unchanging", Works: Everywhere, handle: on(list, header("X-Total-Count", "0"))},
	{Name: "paged-content-range", Works: IfEmpty, Others: others(4), handle: on(list, paged(pageSize, func(a *answer, p page) {
		a.header.Set("Content-Range", fmt.Sprintf("items 0-%d/%d", len(p.items), p.total))
	}))},
	{Name: "paged-wrapped", Others: others(4), handle: on(list, paged(pageSize, func(a *answer, p page) {
		wrapped := object{"items": p.items, "total": p.total, "next": nil}
		if p.more {
			wrapped["next"] = p.next()
		}
		a.with(wrapped)
	}))},
	{Name: "paged-link-to-nowhere", Works: IfEmpty, Others: others(4), handle: on(list, paged(pageSize, func(a *answer, p page) {
		if p.more {
			a.header.Set("Link", "<https://elsewhere.example.com/other?page=2>; rel=\"next\"")
		}
	}))},
}

// page is one page of the list.
type page struct {
	items  []any
	number int
	total  int
	more   bool
}

func (p page) next() string {
	return fmt.Sprintf("%s?page=%d", wire.DefaultOAuthConsumersPath, p.number+1)
}

// paged answers the page that a request asks for, and announces it.
func paged(size int, announce func(*answer, page)) edit {
	return func(c *call, a *answer) {
		all := ordered(a.items())
		number, err := strconv.Atoi(c.request.URL.Query().Get("page"))
		if err != nil {
			number = 1
		}
		from := min((number-1)*size, len(all))
		to := min(from+size, len(all))
		p := page{items: append([]any{}, all[from:to]...), number: number, total: len(all), more: to < len(all)}
		a.with(p.items)
		if announce != nil {
			announce(a, p)
		}
	}
}

// others are consumers of other people, with keys that come first in a list.
func others(n int) []emulator.Consumer {
	var consumers []emulator.Consumer
	for i := range n {
		letter := string(rune('a' + i))
		consumers = append(consumers, emulator.Consumer{Key: "foreign-other-" + letter, Name: "other " + letter, Secret: "unknown", Approved: true})
	}
	return consumers
}

// fields are the deviations in what a consumer looks like.
var fields = []Deviation{
	{Name: "field-key-renamed", handle: on(returning, rename("key", "consumerKey"))},
	{Name: "field-name-renamed", handle: on(returning, rename("name", "title"))},
	{Name: "field-approved-renamed", handle: on(returning, rename("approved", "active"))},
	{Name: "field-approved-missing", handle: on(returning, drop("approved"))},
	{Name: "field-approved-string", handle: on(returning, each(func(item object) { item["approved"] = strconv.FormatBool(item["approved"] == true) }))},
	{Name: "field-approved-word", handle: on(returning, each(func(item object) {
		item["approved"] = map[any]string{true: "APPROVED", false: "PENDING"}[item["approved"]]
	}))},
	{Name: "field-approved-absent-if-not", handle: on(returning, each(func(item object) {
		if item["approved"] == false {
			delete(item, "approved")
		}
	}))},
	{Name: "fields-all-renamed", handle: on(returning, rename("key", "id"), rename("name", "title"), rename("approved", "state"))},
	{
		Name: "field-key-number", Works: Everywhere,
		Setup: func(config *emulator.Config) {
			config.NewKey = func() string { return strconv.Itoa(1e6 + rand.IntN(9e6)) } //nolint:gosec // It is no secret.
		},
		handle: on(returning, convert("key", func(key string) any {
			if number, err := strconv.Atoi(key); err == nil {
				return number
			}
			return key
		})),
	},
	{Name: "field-key-null", handle: on(returning, set("key", nil))},
	{Name: "field-name-null", handle: on(returning, set("name", nil))},
	{Name: "field-nested", handle: on(returning, value(func(answer any) any {
		all, isList := answer.([]any)
		for i := range all {
			all[i] = object{"consumer": all[i]}
		}
		if isList {
			return all
		}
		return object{"consumer": answer}
	}))},
	{Name: "field-unknown-more", Works: Everywhere, handle: on(returning, set("created", 1700000000), set("links", []any{}))},
	{Name: "request-fields-renamed", handle: instead(register|update, refuse(400, "consumerName must not be empty"))},
	{Name: "name-lower-case", Renames: true, handle: receives(changing, name(strings.ToLower))},
	{Name: "name-without-blanks", Renames: true, handle: receives(changing, name(func(s string) string { return strings.ReplaceAll(s, " ", "_") }))},
	{Name: "name-cut", Renames: true, handle: receives(changing, name(func(s string) string { return s[:min(len(s), 7)] }))},
	{Name: "name-empty", Renames: true, handle: receives(changing, name(func(string) string { return "nameless" }))},
	{Name: "name-escaped-in-answers", handle: on(returning, convert("name", func(s string) any { return strings.ReplaceAll(s, " ", "&nbsp;") }))},
}

// name changes the name that a call sends.
func name(change func(string) string) func(object) {
	return func(sent object) {
		if given, ok := sent["name"].(string); ok {
			sent["name"] = change(given)
		}
	}
}

// registrations are the deviations of the registration.
var registrations = []Deviation{
	{Name: "register-200", Works: Everywhere, handle: on(register, status(200))},
	{Name: "register-location", Works: Everywhere, handle: on(register, func(c *call, a *answer) {
		a.header.Set("Location", c.path+"/"+url.PathEscape(keyOf(a.value())))
	}, empty)},
	{Name: "register-204", Works: Everywhere, handle: on(register, empty, status(204))},
	{Name: "register-key-alone", Works: Everywhere, handle: on(register, value(func(consumer any) any { return object{"key": keyOf(consumer)} }))},
	{Name: "register-key-as-json-string", Works: Everywhere, handle: on(register, value(func(consumer any) any { return keyOf(consumer) }))},
	{Name: "register-text", Works: Everywhere, handle: on(register, func(c *call, a *answer) {
		text(201, "text/plain", keyOf(a.value()))(c, a)
	})},
	{Name: "register-in-words", Works: Everywhere, handle: on(register, text(201, "text/plain", "Consumer registered."))},
	{Name: "register-in-array", Works: Everywhere, handle: on(register, value(inArray))},
	{Name: "register-answers-list", Works: Everywhere, handle: on(register, func(c *call, a *answer) {
		all := []any{}
		for _, one := range c.server.Consumers() {
			all = append(all, fieldsOf(one))
		}
		a.with(all)
	})},
	{Name: "register-web-page", Works: Everywhere, handle: on(register, text(200, html, consumerPage))},
	{Name: "register-redirects", Works: Everywhere, handle: on(register, empty, status(303), header("Location", wire.DefaultOAuthConsumersPath))},
	{Name: "register-approves", Works: Everywhere, handle: on(register, approve(true), set("approved", true))},
	{Name: "register-approves-silently", Works: Everywhere, handle: on(register, approve(true))},
	{Name: "register-tells-secret", Works: Everywhere, handle: on(register, func(c *call, a *answer) {
		set("secret", c.body["secret"])(c, a)
	})},
	{Name: "register-names-unique", Works: Everywhere, handle: insteadIf(func(c *call) bool {
		name, given := c.body["name"].(string)
		return given && slices.ContainsFunc(c.server.Consumers(), func(one emulator.Consumer) bool {
			return one.Name == name && one.Key != c.key
		})
	}, refuse(409, "The name is taken."))},
	{Name: "register-other-key", handle: on(register, convert("key", func(key string) any {
		runes := []rune(key)
		slices.Reverse(runes)
		return "request-" + string(runes)
	}))},
	{Name: "register-key-in-capitals", handle: func(c *call) *answer {
		// The server finds a consumer by its key in any case.
		c.path = strings.ToLower(c.path)
		return on(register, convert("key", func(key string) any { return strings.ToUpper(key) }))(c)
	}},
	{Name: "register-same-key-always", handle: on(register, set("key", "consumer"))},
	{Name: "register-500-but-done", Works: Everywhere, handle: on(register, refuse(500, exception))},
	{Name: "register-504-but-done", Works: Everywhere, handle: on(register, text(504, html, "<html>no answer in time</html>"))},
	{Name: "register-409-but-done", handle: on(register, refuse(409, "The name is taken."))},
	{Name: "register-without-secret", Unseen: true, Works: Everywhere, handle: receives(register, func(sent object) {
		sent["secret"] = "generated by the server"
	})},
	{Name: "register-202-appears-later", Works: Everywhere, handle: instead(register, status(202), registerAfter(2))},
	{Name: "register-202-appears-much-later", handle: instead(register, status(202), registerAfter(20))},
	{Name: "register-202-never", handle: instead(register, status(202))},
	{Name: "register-twice", Unseen: true, Works: Everywhere, handle: on(register, func(c *call, a *answer) { a.err = c.forward().err })},
}

func inArray(answer any) any { return []any{answer} }

// fieldsOf are the fields of a consumer in an answer.
func fieldsOf(c emulator.Consumer) object {
	return object{"key": c.Key, "name": c.Name, "approved": c.Approved}
}

// approve has the server approve the consumer of the answer, or take that back.
func approve(approved bool) edit {
	return func(c *call, a *answer) {
		c.server.UpdateConsumer(keyOf(a.value()), func(one *emulator.Consumer) { one.Approved = approved })
	}
}

// registerAfter registers the consumer when so many further calls have arrived.
func registerAfter(calls int) edit {
	return func(c *call, _ *answer) {
		c.later(calls, func() {
			c.server.AddConsumer(emulator.Consumer{Name: textOf(c.body, "name"), Secret: textOf(c.body, "secret")})
		})
	}
}

// changes are the deviations of changes.
var changes = []Deviation{
	{Name: "patch-204", Works: Everywhere, handle: on(update, empty, status(204))},
	{Name: "patch-202", Works: Everywhere, handle: on(update, empty, status(202))},
	{Name: "patch-200-empty", handle: on(update, empty)},
	{Name: "patch-answers-ok", handle: on(update, body(object{"status": "ok"}))},
	{Name: "patch-405", handle: instead(update, refuse(405, "use PUT"))},
	{Name: "patch-501", handle: instead(update, refuse(501, "no such call"))},
	{Name: "patch-error-in-200", handle: instead(update, body(object{"error": "not now"}))},
	{Name: "patch-answers-true", handle: on(update, body(true))},
	{Name: "patch-lower-case", handle: receives(update, name(strings.ToLower))},
	{Name: "patch-404", handle: instead(update, refuse(404, noPath))},
	{Name: "patch-only-sub-resource", handle: insteadIf(func(c *call) bool {
		return c.is(update) && c.body["approved"] != nil
	}, refuse(400, "unknown member approved"))},
	{Name: "patch-ignores-approved", handle: receives(update, func(sent object) { delete(sent, "approved") })},
	{Name: "patch-ignores-name", handle: receives(update, func(sent object) { delete(sent, "name") })},
	{Name: "patch-ignores-secret", Unseen: true, Works: Everywhere, handle: receives(update, func(sent object) { delete(sent, "secret") })},
	{Name: "patch-ignores-all-204", handle: instead(update, status(204))},
	{Name: "patch-answers-old", Works: Everywhere, handle: func(c *call) *answer {
		before, _ := c.server.Consumer(c.key)
		return on(update, body(fieldsOf(before)))(c)
	}},
	{Name: "patch-late", Works: Everywhere, handle: updateAfter(2)},
	{Name: "patch-very-late", handle: updateAfter(7)},
	{Name: "patch-changes-key", handle: on(update, changeKey)},
	{Name: "patch-changes-key-silently", handle: on(update, changeKey, empty, status(204))},
	{Name: "patch-disapproves", handle: on(update, func(c *call, a *answer) {
		if c.body["approved"] == nil {
			a.apply(c, []edit{approve(false), set("approved", false)})
		}
	})},
	{Name: "patch-500-but-done", handle: on(update, refuse(500, exception))},
	{Name: "patch-web-page", handle: on(update, text(200, html, consumerPage))},
}

// changeKey gives the consumer another key.
func changeKey(c *call, a *answer) {
	if one, found := c.server.Consumer(c.key); found {
		c.server.RemoveConsumer(c.key)
		one.Key += "-2"
		c.server.AddConsumer(one)
		set("key", one.Key)(c, a)
	}
}

// updateAfter makes a change when so many further calls have arrived.
func updateAfter(calls int) handler {
	return func(c *call) *answer {
		if _, found := c.server.Consumer(c.key); !c.is(update) || !found {
			return c.forward()
		}
		return instead(update, status(204), func(c *call, _ *answer) {
			c.later(calls, func() {
				c.server.UpdateConsumer(c.key, func(one *emulator.Consumer) {
					if name, given := c.body["name"].(string); given {
						one.Name = name
					}
					if secret, given := c.body["secret"].(string); given {
						one.Secret = secret
					}
					if approved, given := c.body["approved"].(bool); given {
						one.Approved = approved
					}
				})
			})
		})(c)
	}
}

// removals are the deviations of removals and of the single read.
var removals = []Deviation{
	{Name: "delete-200", Works: Everywhere, handle: on(remove, body(object{"deleted": true}), status(200))},
	{Name: "delete-202", Works: Everywhere, handle: on(remove, status(202))},
	{Name: "delete-204-keeps", handle: instead(remove, status(204))},
	{Name: "delete-200-keeps", handle: instead(remove, body(object{}))},
	{Name: "delete-404-but-done", Works: Everywhere, handle: on(remove, refuse(404, "gone"))},
	{Name: "delete-404", handle: instead(remove, refuse(404, noPath))},
	{Name: "delete-410-for-gone", Works: Everywhere, handle: ifMissing(read|remove, status(410))},
	{Name: "delete-405", handle: instead(remove, refuse(405, "use POST /remove"))},
	{Name: "delete-409-if-approved", handle: insteadIf(func(c *call) bool {
		one, _ := c.server.Consumer(c.key)
		return c.is(remove) && one.Approved
	}, refuse(409, "Disapprove it first."))},
	{Name: "delete-500-but-done", handle: on(remove, refuse(500, exception))},
	// The provider checks only the first removal of a run. When the second run repeats
	// it, the consumer is removed, and the provider believes the answers to the others,
	// which it sends for the first time.
	{Name: "delete-on-second-request", Once: true, handle: insteadIf(func(c *call) bool { return c.is(remove) && c.nth == 1 }, status(204))},
	{Name: "delete-web-page", handle: instead(remove, text(200, html, signInPage))},
	{Name: "delete-leaves-it-readable", handle: func(c *call) *answer {
		if one, found := c.server.Consumer(c.key); c.is(remove) && found {
			one.Approved = false
			c.memory.Store(c.key, fieldsOf(one))
		}
		left, found := c.memory.Load(c.key)
		return insteadIf(func(c *call) bool { return c.is(read) && found }, body(left))(c)
	}},
	{Name: "read-404", Works: Everywhere, handle: instead(read, refuse(404, noPath))},
	{Name: "read-404-list-500-at-times", handle: func(c *call) *answer {
		if c.is(read) {
			return instead(read, refuse(404, noPath))(c)
		}
		return insteadIf(func(c *call) bool { return c.is(list) && c.nth > 2 && c.nth%2 == 0 }, refuse(500, exception))(c)
	}},
	{Name: "read-405", Works: Everywhere, handle: instead(read, refuse(405, "no such call"))},
	{Name: "read-403", handle: instead(read, refuse(403, "no"))},
	{Name: "read-500", handle: instead(read, refuse(500, exception))},
	{Name: "read-null-if-missing", handle: ifMissing(read, status(200), body(nil))},
	{Name: "read-204-if-missing", handle: ifMissing(read, status(204), empty)},
	{Name: "read-400-if-missing", handle: ifMissing(read, status(400))},
	{Name: "read-403-if-missing", handle: ifMissing(read, status(403))},
	{Name: "read-first-always", handle: func(c *call) *answer {
		all := c.server.Consumers()
		if len(all) == 0 {
			return c.forward()
		}
		return instead(read, body(fieldsOf(all[0])))(c)
	}},
	{Name: "read-in-array", Works: Everywhere, handle: on(read, value(inArray))},
}

// whole are the deviations of sign-in, and of more than one call.
var whole = []Deviation{
	{Name: "login-web-page", handle: instead(login, text(200, html, signInPage))},
	{Name: "login-without-cookie", handle: instead(login, status(204))},
	{Name: "login-200-json", Works: Everywhere, handle: on(login, body(object{"user": "admin"}), status(200))},
	{Name: "csrf-wanted", handle: insteadIf(func(c *call) bool {
		return c.is(changing) && c.request.Header.Get("X-Csrf-Token") == ""
	}, refuse(403, "The CSRF token is missing."))},
	{Name: "errors-in-200", handle: instead(aboutConsumers, body(object{"error": "not licensed"}))},
	{Name: "changes-refused-in-200", handle: instead(changing, body(object{"error": "not licensed"}))},
	{Name: "redirects-to-slash", handle: func(c *call) *answer {
		path, slash := strings.CutSuffix(c.path, "/")
		c.path = path
		if slash {
			return c.forward()
		}
		return instead(aboutConsumers, status(http.StatusMovedPermanently), header("Location", path+"/"))(c)
	}},
	{Name: "everything-201", handle: on(aboutConsumers, status(201))},
	{Name: "nothing-here", handle: instead(aboutConsumers, refuse(404, noPath))},
	{Name: "content-type-text", Works: Everywhere, handle: on(aboutConsumers, func(_ *call, a *answer) {
		if len(a.body) > 0 {
			a.header.Set("Content-Type", "text/plain")
		}
	})},
}
