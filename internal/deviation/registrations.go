package deviation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var register = []string{"register"}

// registered changes the answer to a registration that was carried out.
func registered(change func(*call, *answer) *answer) func() handler { return on(register, change) }

// registrations are the deviations of the registration.
func registrations() []Deviation {
	return []Deviation{
		{Name: "register-200", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer { return a.withStatus(http.StatusOK) })},
		{Name: "register-location", Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			key := keyOf(a.value())
			a.empty().header.Set("Location", c.path+"/"+url.PathEscape(key))
			return a
		})},
		{Name: "register-204", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer { return a.empty().withStatus(http.StatusNoContent) })},
		{Name: "register-key-alone", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer {
			return a.with(map[string]any{"key": keyOf(a.value())})
		})},
		{Name: "register-key-as-json-string", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer { return a.with(keyOf(a.value())) })},
		{Name: "register-text", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer {
			return says(http.StatusCreated, "text/plain", keyOf(a.value()))
		})},
		{Name: "register-in-words", Works: Everywhere, handler: registered(func(*call, *answer) *answer {
			return says(http.StatusCreated, "text/plain", "Consumer registered.")
		})},
		{Name: "register-in-array", Works: Everywhere, handler: registered(func(_ *call, a *answer) *answer { return a.with([]any{a.value()}) })},
		{Name: "register-answers-list", Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			items := []any{}
			for _, one := range c.server.Consumers() {
				items = append(items, map[string]any{"key": one.Key, "name": one.Name, "approved": one.Approved})
			}
			return a.with(items)
		})},
		{Name: "register-web-page", Works: Everywhere, handler: registered(func(*call, *answer) *answer {
			return says(http.StatusOK, "text/html", "<html><title>OAuth consumers</title></html>")
		})},
		{Name: "register-redirects", Works: Everywhere, handler: registered(func(c *call, _ *answer) *answer {
			a := says(http.StatusSeeOther, "", "")
			a.header.Set("Location", c.path)
			return a
		})},
		{Name: "register-approves", Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			c.server.UpdateConsumer(keyOf(a.value()), func(one *twcloudtest.Consumer) { one.Approved = true })
			return a.each(func(item map[string]any) { item["approved"] = true })
		})},
		{Name: "register-approves-silently", Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			c.server.UpdateConsumer(keyOf(a.value()), func(one *twcloudtest.Consumer) { one.Approved = true })
			return a
		})},
		{Name: "register-tells-secret", Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			return a.each(func(item map[string]any) { item["secret"] = c.body["secret"] })
		})},
		{Name: "register-names-unique", Works: Everywhere, handler: stateless(func(c *call) *answer {
			name, given := c.body["name"].(string)
			if c.is("register", "update") && given && slices.ContainsFunc(c.server.Consumers(), func(one twcloudtest.Consumer) bool {
				return one.Name == name && one.Key != c.key
			}) {
				return refuses(http.StatusConflict, "The name is taken.")
			}
			return c.forward()
		})},
		{Name: "register-other-key", handler: registered(func(_ *call, a *answer) *answer {
			return a.each(func(item map[string]any) { item["key"] = "request-" + reverse(text(item["key"])) })
		})},
		{Name: "register-key-in-capitals", handler: stateless(func(c *call) *answer {
			// The server finds a consumer by its key in any case.
			c.path = strings.ToLower(c.path)
			a := c.forward()
			if c.is("register") && a.ok() {
				return a.each(func(item map[string]any) { item["key"] = strings.ToUpper(text(item["key"])) })
			}
			return a
		})},
		{Name: "register-same-key-always", handler: registered(func(_ *call, a *answer) *answer {
			return a.each(func(item map[string]any) { item["key"] = "consumer" })
		})},
		{Name: "register-500-but-done", Works: Everywhere, handler: registered(func(*call, *answer) *answer {
			return refuses(http.StatusInternalServerError, "NullPointerException")
		})},
		{Name: "register-504-but-done", Works: Everywhere, handler: registered(func(*call, *answer) *answer {
			return says(http.StatusGatewayTimeout, "text/html", "<html>no answer in time</html>")
		})},
		{Name: "register-409-but-done", handler: registered(func(*call, *answer) *answer {
			return refuses(http.StatusConflict, "The name is taken.")
		})},
		{Name: "register-without-secret", Unseen: true, Works: Everywhere, handler: stateless(func(c *call) *answer {
			if c.is("register") {
				c.body["secret"] = "generated by the server"
			}
			return c.forward()
		})},
		{Name: "register-202-appears-later", Works: Everywhere, handler: later(2)},
		{Name: "register-202-appears-much-later", handler: later(20)},
		{Name: "register-202-never", handler: instead("register", func(*call) *answer { return says(http.StatusAccepted, "", "") })},
		{Name: "register-twice", Unseen: true, Works: Everywhere, handler: registered(func(c *call, a *answer) *answer {
			if second := c.forward(); second.err != nil {
				return second
			}
			return a
		})},
	}
}

func reverse(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// later carries out a registration only after so many further requests.
func later(after int) func() handler {
	return func() handler {
		type pending struct {
			due      int
			consumer twcloudtest.Consumer
		}
		var mu sync.Mutex
		var waiting []pending
		requests := 0
		return func(c *call) *answer {
			mu.Lock()
			defer mu.Unlock()
			if !c.about() {
				return c.forward()
			}
			requests++
			waiting = slices.DeleteFunc(waiting, func(p pending) bool {
				if p.due > requests {
					return false
				}
				c.server.AddConsumer(p.consumer)
				return true
			})
			if c.is("register") {
				waiting = append(waiting, pending{requests + after, twcloudtest.Consumer{Name: text(c.body["name"]), Secret: text(c.body["secret"])}})
				return says(http.StatusAccepted, "", "")
			}
			return c.forward()
		}
	}
}
